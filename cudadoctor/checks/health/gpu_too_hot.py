"""Finds GPUs that are as hot as the hardware allows."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu

_PLAUSIBLE = 60
"""No GPU's limit is below this: a margin of nothing on a cooler one is a value that its driver does not have."""


@check("PERF002", severity=Severity.WARNING)
def gpu_too_hot(smi: SmiFacts) -> Result:
    """The GPU has reached the temperature from which the hardware slows it down.

    Why:
        Every GPU has limits of its own, which nvidia-smi prints ("GPU Slowdown Temp", or from Hopper on "T.Limit", the
        degrees that are left). At the limit the clocks are cut, and some degrees above it the GPU switches itself off:
        it is then lost until a cold start.

    How we know:
        `nvidia-smi -q -d TEMPERATURE`: the GPU's temperature has reached "GPU Slowdown Temp", or "GPU T.Limit Temp" is
        0 or less.

    Fix:
        See to its cooling: dust, fans, the air in the case; a passive data-centre card needs a server's air stream.
        For the time being, `nvidia-smi -pl` with a lower power limit, as root.

    Harmless when:
        Never for long. Below the limit nothing is reported, however hot it feels.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    for gpu in smi.gpus:
        limit, now, margin = gpu.slowdown_c, gpu.temperature_c, gpu.margin_c
        reached = limit is not None and now is not None and 0 < limit <= now
        none_left = margin is not None and margin <= 0 and (now is None or now >= _PLAUSIBLE)
        if reached or none_left:
            how = f"{now} C, of {limit} C from which it is slowed down" if reached else f"{margin} C are left"
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)} is too hot: {how}",
                evidence=rows(seen("nvidia-smi, Temperature", how), smi_seen(smi)),
                source=SMI,
            )
