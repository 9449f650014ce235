"""Finds a torch that was built before this GPU came."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, Unknown, also, check
from cudadoctor.checks.shared.gpu_code import Gap, gaps, gpu_refusal
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("TB002", severity=Severity.ERROR)
def arch_not_in_build_gpu_newer(envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...], os: OsFacts | None) -> Result:
    """The GPU is newer than everything that torch was built for.

    Why:
        A build holds machine code for a list of architectures. Code runs on a GPU of the same major version and the
        same or a higher minor one; without such code and without PTX the first kernel ends with "no kernel image is
        available". `torch.cuda.is_available()` is True all the same.

    How we know:
        The build's own list (`torch.cuda.get_arch_list()`, read from its files where torch is not started) against the
        GPU's compute capability. In a text: "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with
        the current PyTorch installation. The current PyTorch install supports CUDA capabilities sm_50 sm_60 …", or "no
        kernel image is available for execution on the device" with a GPU above that list. Where the GPU is below it, it
        is `arch-not-in-build-gpu-older`.

    Fix:
        Install a build for a CUDA version that knows the GPU: Blackwell (RTX 50, B200: sm_120, sm_100) needs one for
        CUDA 12.8 or newer, `python -m pip install --upgrade torch torchvision --index-url {{index sm_120}}`; Hopper and
        Ada CUDA 11.8, Ampere 11.1 (8.6) and 11.0 (8.0). The driver must support that CUDA: {{driver 12.8}} or newer for
        CUDA 12 builds, {{driver 13.0}} for CUDA 13, and one that knows the GPU.

        conda: `conda install -c conda-forge "pytorch-gpu" "cuda-version>=12.8"`. `cudadoctor recommend` prints the line
        for this machine. A new toolkit or CUDA_HOME changes nothing.

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


@also(arch_not_in_build_gpu_newer)
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
    if found is not None and found.newer:
        yield found.problem(envs)
