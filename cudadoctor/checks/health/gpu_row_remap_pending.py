"""Finds a memory repair that waits for a reset."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import MEMORY_ERRORS
from cudadoctor.checks.shared.machine import rows, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu


@check("HLTH004", severity=Severity.WARNING)
def gpu_row_remap_pending(smi: SmiFacts) -> Result:
    """A row of the GPU's memory waits for a reset to be replaced by a spare one.

    Why:
        From Ampere on the GPU replaces a faulty row of its memory at the next reset. Programs go on until then, and
        the faulty page is taken out of use.

    How we know:
        `nvidia-smi -q -d ROW_REMAPPER`: "Remapped Rows, Pending: Yes".

    Fix:
        Stop what uses the GPU and reset it (`nvidia-smi --gpu-reset` with the GPU's index, as root), or reboot.

    Harmless when:
        A maintenance window is near: programs that run are not affected.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        if gpu.row_remap_pending and not gpu.row_remap_failure:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"GPU {gpu.index} waits for a reset to replace a faulty row of its memory",
                evidence=rows(smi_seen(smi)),
                source=MEMORY_ERRORS,
            )
