"""Says that a CI job with a torch for CUDA runs where there is no GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CI_RUNNERS
from cudadoctor.checks.shared.machine import active, seen, torch_shown
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts


@check("CI001", severity=Severity.INFO)
def ci_runner_without_gpu(shell: ShellFacts, gpus: tuple[GpuFacts, ...], envs: tuple[EnvFacts, ...]) -> Result:
    """This CI job runs on a machine without a GPU, with a torch that is built for CUDA.

    Why:
        Hosted runners have no GPU unless their label asks for one, and a job's container sees a self-hosted runner's
        GPU only when it is started with it.

    How we know:
        GITHUB_ACTIONS, GITLAB_CI or CI is set, no GPU is on the bus, and the active environment's torch is built for
        CUDA.

    Fix:
        Take a runner with a GPU, or the CPU build of torch. Tests that need a GPU: a runner with one (`runs-on:` its
        label; in a container job `options: --gpus all`; GitLab: a runner whose config.toml has `gpus = "all"`). Tests
        that need none: install the CPU build, which is much smaller.

    Harmless when:
        The tests skip what needs a GPU.

    Sources:
        https://docs.github.com/en/actions/concepts/runners/larger-runners
    """
    named = shell.variables
    where = next((name for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CI") if named.get(name)), None)
    env = active(envs)
    if where is None or gpus or env is None or env.torch is None or env.torch.cuda is None:
        return
    yield Problem(
        subject="machine",
        message=f"this CI job has no GPU, and {torch_shown(env, env.torch)} is built for CUDA",
        evidence=(seen(where, "set"), env.torch.seen),
        source=CI_RUNNERS,
    )
