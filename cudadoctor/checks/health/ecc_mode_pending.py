"""Finds an ECC mode that waits for a restart."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import clean, named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu

_MODES = ("enabled", "disabled")


@check("HLTH007", severity=Severity.INFO)
def ecc_mode_pending(smi: SmiFacts) -> Result:
    """The GPU's ECC mode was changed and takes effect at the next reset.

    Why:
        `nvidia-smi -e` writes the mode into the GPU; until a reset or a reboot the old mode is in force, and memory
        size and error checking follow the old one.

    How we know:
        `nvidia-smi -q`: "ECC Mode, Current" and "Pending" differ.

    Fix:
        Reboot, or reset the GPU as root with nothing using it: `nvidia-smi --gpu-reset -i` and its index. Without
        that intent, write the present mode back with `nvidia-smi -e 0` or `-e 1`.

    Harmless when:
        The change was meant, and a restart is planned.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    for gpu in smi.gpus:
        now, then = (gpu.ecc_mode or "").lower(), (gpu.ecc_pending or "").lower()
        if now in _MODES and then in _MODES and now != then:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: ECC is {clean(now)}, and {clean(then)} from the next reset on",
                evidence=rows(seen("nvidia-smi, ECC Mode", f"Current {now}, Pending {then}"), smi_seen(smi)),
                source=SMI,
            )
