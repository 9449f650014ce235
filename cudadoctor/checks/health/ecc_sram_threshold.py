"""Finds GPUs with more SRAM errors than NVIDIA allows."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import MEMORY_ERRORS
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu


@check("HLTH011", severity=Severity.WARNING)
def ecc_sram_threshold(smi: SmiFacts) -> Result:
    """The GPU's on-chip memory had more uncorrectable errors than its threshold allows.

    Why:
        The GPU counts uncorrectable errors of its SRAM (caches, register files) over its life. "SRAM Threshold
        Exceeded: Yes" is NVIDIA's own sign that it should be replaced; programs go on until the next error ends one.

    How we know:
        `nvidia-smi -q -d ECC`: "SRAM Threshold Exceeded: Yes".

    Fix:
        Drain the GPU, run `dcgmi diag -r 3` or the vendor's field diagnosis, and have it replaced.

    Harmless when:
        Never: single errors do not set the flag.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        if gpu.sram_threshold:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: its on-chip memory had more errors than its threshold allows",
                evidence=rows(seen("nvidia-smi", "SRAM Threshold Exceeded: Yes"), smi_seen(smi)),
                source=MEMORY_ERRORS,
            )
