"""Finds vGPU guests without a licence."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, rows, smi_seen
from cudadoctor.checks.sources import VGPU_LICENCE
from cudadoctor.facts.driver import SmiFacts


@check("VIRT004", severity=Severity.WARNING)
def vgpu_unlicensed(smi: SmiFacts) -> Result:
    """A virtual GPU has no licence.

    Why:
        A vGPU guest without a licence works at full speed for a short time and is then slowed down; CUDA contexts
        can be refused with error 46.

    Fix:
        Put the site's client configuration token under /etc/nvidia/ClientConfigToken and restart nvidia-gridd; ask
        the administrator of the licence server.

    Harmless when:
        The guest has just been started and is still asking for its licence.

    Sources:
        https://docs.nvidia.com/vgpu/latest/grid-licensing-user-guide/
    """
    for gpu in smi.gpus:
        if "unlicensed" in (gpu.license_status or "").lower():
            yield Problem(
                subject=f"gpu:{gpu.index}",
                message=f"the virtual GPU {gpu.index} has no licence (License Status: {clean(gpu.license_status, 60)})",
                evidence=rows(smi_seen(smi)),
                source=VGPU_LICENCE,
            )
