"""Finds a torch that no longer supports this GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, Unknown, also, check
from cudadoctor.checks.shared.gpu_code import Gap, gaps, gpu_refusal
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("TB005", severity=Severity.ERROR)
def arch_not_in_build_gpu_older(envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...], os: OsFacts | None) -> Result:
    """The GPU was dropped from what torch is built for.

    Why:
        Builds leave old architectures out: those for CUDA 12.8 have nothing before Turing or Volta, those for CUDA 13
        nothing before Turing. The first kernel ends with "no kernel image is available", while
        `torch.cuda.is_available()` is True.

    How we know:
        The build's own list (`torch.cuda.get_arch_list()`) against the GPU's compute capability. In a text: "Found GPU0
        … which is of cuda capability 5.2. PyTorch no longer supports this GPU because it is too old", or "no kernel
        image is available for execution on the device" with a GPU below the build's list.

    Fix:
        Install a build that still has the architecture. Maxwell, Pascal and Volta (sm_50 to sm_70) have one up to torch
        {{last-torch sm_61}}: `python -m pip install "torch<{{next-torch sm_61}}" --index-url {{index sm_61}}`. For a
        Tesla K80 (sm_37) the last is torch {{last-torch sm_37}} from {{index sm_37}}: later ones bring a cuDNN without
        code for it. The driver stays at branch 580 for these GPUs, at 470 for Kepler. `cudadoctor recommend` prints the
        line for this machine.

    Harmless when:
        The program does not use that GPU; with another GPU that runs, this is information.

    Sources:
        https://github.com/pytorch/pytorch/blob/main/RELEASE.md
    """
    for found in gaps(envs, gpus, os):
        if not isinstance(found, Gap):
            yield found
        elif not found.newer:
            yield found.problem()


@also(arch_not_in_build_gpu_older)
def in_messages(
    symptoms: tuple[Symptom, ...],
    envs: tuple[EnvFacts, ...] | None,
    gpus: tuple[GpuFacts, ...] | None,
    kernel: KernelFacts | None,
) -> Result:
    """By what torch said about a GPU: the list of its build decides which of the two is older."""
    if (gpus is None or envs is None) and kernel is not None and kernel.live:
        yield Unknown(subject="machine", reason="which torch, or which other GPU, there is could not be found out")
        return
    found = gpu_refusal(symptoms, envs, gpus)
    if found is not None and not found.newer:
        yield found.problem(envs)
