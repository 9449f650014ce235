"""Finds a torch whose import never ends."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import env_subject, torch_shown, weight
from cudadoctor.checks.shared.torch_started import in_cuda, live_seen, started
from cudadoctor.facts.envs import EnvFacts


@check("TR011", severity=Severity.ERROR)
def torch_import_hangs(envs: tuple[EnvFacts, ...]) -> Result:
    """`import torch` never ends.

    Why:
        It waits for something: a file system that does not answer (NFS), a lock, a module of the same name in the
        current directory, or a start-up file of the environment.

    How we know:
        The environment's Python imports torch in a process of its own, and it does not end though the limit was long
        enough; where the doctor's own time ran out first it is not known, and not a hang.

    Fix:
        See where it waits: `python -X faulthandler -X importtime -c "import torch"` in another directory. Make a new
        environment on a local disk.

    Harmless when:
        It is only slow, as the first import from a cold disk: slow is not reported as a hang.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env, torch in started(envs, "slow"):
        yield Unknown(subject=env_subject(env), reason=f"torch {torch.version} did not answer in the time of this run")
    for env, torch in started(envs, "hangs"):
        if not in_cuda(torch):
            yield Problem(
                subject=env_subject(env),
                message=f"importing {torch_shown(env, torch)} never ends",
                evidence=(live_seen(torch),),
                source=PYTORCH_INSTALL,
                severity=weight(env),
            )
