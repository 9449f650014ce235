"""Finds a torch that waits for CUDA for ever."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import env_subject, torch_shown, weight
from cudadoctor.checks.shared.torch_started import in_cuda, live_seen, started
from cudadoctor.facts.envs import EnvFacts


@check("TR013", severity=Severity.ERROR)
def torch_cuda_hangs(envs: tuple[EnvFacts, ...]) -> Result:
    """`torch` is imported and never comes back from its first use of CUDA.

    Why:
        It waits in the driver: as a rule every CUDA program waits there, and the cause is below torch.

    How we know:
        The environment's Python imports torch in a process of its own and asks for the devices; the import ends well,
        and what follows does not come back though the limit was long enough.

    Fix:
        Read the kernel's log (`dmesg`) for lines with NVRM and Xid, and reboot. If only torch hangs: let it compile
        nothing first (a build for this GPU), and try with one GPU in CUDA_VISIBLE_DEVICES.

    Harmless when:
        A build without code for this GPU is being translated from PTX, which can take many minutes the first time.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    for env, torch in started(envs, "hangs"):
        if in_cuda(torch):
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} never comes back from starting CUDA ({torch.live.stage})",
                evidence=(live_seen(torch),),
                source=CUDA_ERRORS,
                severity=weight(env),
            )
