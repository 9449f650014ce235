"""Finds a torch that was built before this GPU came."""

from __future__ import annotations

from cudadoctor.checks.arch_gaps import Gap, gaps
from cudadoctor.checks.base import Result, Severity, check
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts


@check("TB002", severity=Severity.ERROR)
def arch_not_in_build_gpu_newer(envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...], os: OsFacts | None) -> Result:
    """The GPU is newer than everything that torch was built for.

    Why:
        A build holds machine code for a list of architectures. Code runs on a GPU of the same major version and the
        same or a higher minor one; without such code and without PTX the first kernel ends with "no kernel image is
        available". `torch.cuda.is_available()` is True all the same.

    Fix:
        Install a newer build: one for a CUDA version that knows the GPU.

    Harmless when:
        The program does not use that GPU. Code for the same major (8.6 on 8.9) and PTX are enough, and silent.

    Sources:
        https://github.com/pytorch/pytorch/blob/main/RELEASE.md
    """
    for found in gaps(envs, gpus, os):
        if not isinstance(found, Gap):
            yield found
        elif found.newer:
            yield found.problem()
