"""Finds a torch that dies in its first use of CUDA."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import clean, env_subject, torch_shown, weight
from cudadoctor.checks.shared.torch_started import in_cuda, live_seen, started
from cudadoctor.facts.envs import EnvFacts


@check("TR014", severity=Severity.ERROR)
def torch_cuda_crashes(envs: tuple[EnvFacts, ...]) -> Result:
    """`torch` is imported and dies in its first use of CUDA.

    Why:
        The driver's library dies, or CUDA libraries of two versions are loaded together.

    How we know:
        The environment's Python imports torch in a process of its own and asks for the devices; the import ends well,
        and what follows is ended by a signal (SIGSEGV, SIGABRT).

    Fix:
        Try without what brings other libraries: `env -u LD_LIBRARY_PATH -u LD_PRELOAD python -X faulthandler -c "import
        torch; torch.cuda.init()"`, which also shows where it dies. If it still dies, start any other CUDA program
        (`nvidia-smi` is none): if that dies, too, reinstall the driver and reboot; if not, install torch into a new
        environment.

    Harmless when:
        Never: what uses CUDA here dies.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    for env, torch in started(envs, "crashed"):
        if in_cuda(torch):
            signal = clean(torch.live.signal, 20) or "a signal"
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} dies while it starts CUDA ({signal}, {torch.live.stage})",
                evidence=(live_seen(torch),),
                source=CUDA_ERRORS,
                severity=weight(env),
            )
