"""Finds GPUs that their hardware slows down."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import laptop, milder, named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts, SmiGpu
from cudadoctor.facts.subject import Gpu

_REASONS = {
    "hw-thermal-slowdown": "it is too hot",
    "hw-power-brake": "the power supply, or the server's management, holds it back (power brake)",
    "hw-slowdown": "too hot, or too little power: look at its power cables",
}
"""The most telling first. Software's own limits (power cap, target temperature, idle) are no faults."""


@check("PERF001", severity=Severity.WARNING)
def gpu_throttled(smi: SmiFacts) -> Result:
    """The hardware slows the GPU down.

    Why:
        A GPU cuts its clocks to a half or less when it is too hot, or when it is told that power is short: a power
        cable that is missing or shared, a supply that is too weak, a server that lost one of its supplies. Everything
        works, and slowly.

    How we know:
        `nvidia-smi -q -d PERFORMANCE`: "HW Thermal Slowdown", "HW Power Brake Slowdown" or "HW Slowdown" is Active on a
        GPU that is not idle.

    Fix:
        See to the GPU's cooling and its power. For heat: cooling and dust. For power: each power socket of the card
        with a cable of its own, a supply that is strong enough; in a server, the supplies' state in its management
        (BMC), then a restart. `nvidia-smi -q -d PERFORMANCE` shows the reasons.

    Harmless when:
        It is a laptop on battery: information only. The software's power cap and idle clocks are normal and are not
        reported.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    for gpu in smi.gpus:
        reason = next((name for name in _REASONS if name in (gpu.slowdowns or ())), None)
        if reason is None or gpu.idle:
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"the hardware slows {named(gpu)} down: {_REASONS[reason]}",
            evidence=rows(seen("nvidia-smi, clocks event reasons", ", ".join(gpu.slowdowns or ())), smi_seen(smi)),
            source=SMI,
            severity=milder(laptop(gpu.name) or _shown_cut(gpu)),
            confidence=Confidence.LIKELY if reason == "hw-slowdown" else Confidence.CERTAIN,
        )


def _shown_cut(gpu: SmiGpu) -> bool:
    """The name was cut: it may be a laptop's."""
    return gpu.name_cut
