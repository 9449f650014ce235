"""Finds memory errors that could not be corrected."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import rows, smi_seen
from cudadoctor.checks.sources import MEMORY_ERRORS
from cudadoctor.facts.driver import SmiFacts


@check("HLTH003", severity=Severity.ERROR)
def gpu_ecc_hardware_fault(smi: SmiFacts) -> Result:
    """The GPU's memory has errors that could not be corrected.

    Why:
        An uncorrectable error has ended programs or spoilt their results. Where replacing the row failed, too, the
        GPU has no spare memory left for it.

    Fix:
        Reset the GPU (as root, with nothing using it) or reboot, and run the vendor's diagnosis. With a failed row
        replacement, or if the errors come back: have the GPU replaced.

    Harmless when:
        The count comes from one event that a reset has already cured: it goes back to zero when the driver is loaded
        anew.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        if gpu.row_remap_failure:
            yield Problem(
                subject=f"gpu:{gpu.index}",
                message=f"GPU {gpu.index}: replacing a faulty row of its memory has failed",
                evidence=rows(smi_seen(smi)),
                source=MEMORY_ERRORS,
            )
        elif gpu.ecc_uncorrected and not gpu.row_remap_pending:
            plural = "s" if gpu.ecc_uncorrected > 1 else ""
            yield Problem(
                subject=f"gpu:{gpu.index}",
                message=f"GPU {gpu.index} had {gpu.ecc_uncorrected} memory error{plural} that could not be corrected",
                evidence=rows(smi_seen(smi)),
                source=MEMORY_ERRORS,
                confidence=Confidence.LIKELY,
            )
