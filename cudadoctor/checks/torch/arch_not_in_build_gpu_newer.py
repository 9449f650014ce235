"""Finds a torch that was built before this GPU came."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.shared.gpu_code import Gap, beyond_cuda, gaps, gpu_refusal
from cudadoctor.checks.shared.machine import gpu_shown, rows, seen
from cudadoctor.checks.shared.messages import shown, subject, torch_of
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
        kernel image is available for execution on the device" with a GPU above that list; or a torch whose CUDA is
        older than the first that knows the GPU (RTX 3090: 11.1), whatever else the text says. Where the GPU is below
        it, it is `arch-not-in-build-gpu-older`.

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


@also(arch_not_in_build_gpu_newer)
def by_cuda(
    envs: tuple[EnvFacts, ...],
    gpus: tuple[GpuFacts, ...],
    os: OsFacts | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """A text without the build's list: the CUDA of torch is older than the first that knows the GPU."""
    from cudadoctor.compat import toolkits

    if os is not None and (os.uid is not None or os.jetson is not None):
        return  # where this runs itself the build's own list decides
    torch = torch_of(envs)
    if torch is None or torch.live.is_available is False:
        return  # a build without code for the GPU does not make it False
    if torch.arch_list or gpu_refusal(symptoms or (), envs, gpus) is not None:
        return
    if any(isinstance(found, Gap) and found.newer for found in gaps(envs, gpus, os)):
        return
    beyond = [gpu for gpu in gpus if gpu.compute_capability is not None and beyond_cuda(torch, gpu.compute_capability)]
    if not beyond or len(beyond) < len(gpus):
        return
    gpu = beyond[0]
    first = toolkits.first_toolkit_for(gpu.compute_capability) if gpu.compute_capability is not None else None
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} was built with CUDA {torch.cuda}, which has no code for {gpu_shown(gpu)}, compute "
        f"capability {gpu.compute_capability}" + (f": CUDA {first.release} is the first that does" if first else ""),
        evidence=rows(torch.seen, seen(gpu.capability_from or "GPU", str(gpu.compute_capability))),
        source=toolkits.capability_source(),
        confidence=Confidence.LIKELY,
    )
