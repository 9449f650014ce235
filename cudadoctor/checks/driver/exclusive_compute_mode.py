"""Finds a compute mode that keeps programs from the GPU."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import active, rows, smi_seen
from cudadoctor.checks.sources import SMI
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts

_UNAVAILABLE = 46


@check("NVS006", severity=Severity.ERROR)
def exclusive_compute_mode(smi: SmiFacts, libcuda: LibcudaFacts | None, envs: tuple[EnvFacts, ...] | None) -> Result:
    """A GPU's compute mode keeps programs away.

    Why:
        In mode Exclusive_Process one process has the GPU and the next one gets error 46 ("busy or unavailable"); in
        mode Prohibited none gets it.

    Fix:
        End the process that has the GPU, or, as root, `nvidia-smi -c 0` for the default mode.

    Harmless when:
        A site sets Exclusive_Process on purpose, with MPS or a batch system: while no program is refused, nothing is
        reported. One card of several that is kept for the display (Prohibited) is information.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    env = active(envs or ())
    live = env.torch.live if env is not None and env.torch is not None else None
    said = f"{live.error or ''} {live.warning or ''}".lower() if live is not None else ""
    refused = (libcuda is not None and libcuda.cuinit == _UNAVAILABLE) or "busy or unavailable" in said
    for gpu in smi.gpus:
        mode = (gpu.compute_mode or "").lower().replace(" ", "_")
        if mode == "prohibited" or (refused and mode.startswith("exclusive")):
            yield Problem(
                subject=f"gpu:{gpu.index}",
                message=f"GPU {gpu.index} is in compute mode {gpu.compute_mode}"
                + (", and a program was refused" if refused else ""),
                evidence=rows(smi_seen(smi)),
                source=SMI,
                severity=None if refused or len(smi.gpus) == 1 else Severity.INFO,
                confidence=Confidence.CERTAIN if mode == "prohibited" else Confidence.LIKELY,
            )
