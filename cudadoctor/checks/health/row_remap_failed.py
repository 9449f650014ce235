"""Finds GPUs whose memory has no spare row left for a faulty one."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import MEMORY_ERRORS
from cudadoctor.checks.shared.machine import named, rows, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu


@check("HLTH010", severity=Severity.ERROR)
def row_remap_failed(smi: SmiFacts) -> Result:
    """Replacing a faulty row of the GPU's memory has failed.

    Why:
        From Ampere on a GPU replaces a faulty row of its memory by a spare one. "Remapping Failure Occurred: Yes" says
        that there was none left, or that the replacement did not work: the fault stays in use.

    How we know:
        `nvidia-smi -q -d ROW_REMAPPER`: "Remapping Failure Occurred: Yes".

    Fix:
        Take the GPU out of service, keep the output of `nvidia-smi -q` and of `nvidia-bug-report.sh`, run the field
        diagnosis that the vendor asks for, and have the GPU replaced. No reset or reinstallation cures it.

    Harmless when:
        Never: the flag is set by the GPU itself and stays.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        if gpu.row_remap_failure:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: replacing a faulty row of its memory has failed",
                evidence=rows(smi_seen(smi)),
                source=MEMORY_ERRORS,
            )
