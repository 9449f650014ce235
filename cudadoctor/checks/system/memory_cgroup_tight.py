"""Finds a memory limit that a torch for CUDA does not fit in."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import MEMORY_CGROUP
from cudadoctor.checks.shared.machine import active, rows, seen
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts

_TIGHT = 2 << 30
"""`import torch` and a CUDA context take between one and three GiB of the host's memory."""
_LOW = 4 << 30


@check("OS008", severity=Severity.INFO)
def memory_cgroup_tight(limits: LimitFacts, gpus: tuple[GpuFacts, ...], envs: tuple[EnvFacts, ...]) -> Result:
    """The control group leaves this process so little memory that torch may be killed.

    Why:
        `import torch` and the first use of CUDA take one to three GiB of the host's memory, loading a model as much as
        the model. Above the limit the kernel ends the process with SIGKILL: "Killed", exit status 137, no traceback.

    How we know:
        memory.max of the process's control group is below 4 GiB beside a torch for CUDA; memory.events tells how often
        it was hit.

    Fix:
        Give it more: `docker run --memory=16g`, Kubernetes `resources.limits.memory`, Slurm `--mem=16G`, systemd
        `MemoryMax=`. The file memory.events of the group counts how often it was hit (oom_kill).

    Harmless when:
        What runs here fits.

    Sources:
        https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    limit = limits.cgroup_memory
    env = active(envs)
    if limit is None or limit >= _LOW or not gpus or env is None or env.torch is None or env.torch.cuda is None:
        return
    killed = limits.oom_kills or 0
    yield Problem(
        subject="machine",
        message=f"this process may use {limit >> 20} MiB of the host's memory"
        + (f", and {killed} were killed for using more" if killed else ""),
        evidence=rows(
            seen("memory.max", f"{limit} bytes"), seen("memory.events", f"oom_kill {killed}") if killed else None
        ),
        source=MEMORY_CGROUP,
        severity=Severity.WARNING if killed and limit < _TIGHT else None,
        confidence=Confidence.LIKELY,
    )
