"""Finds a torch whose cuDNN has no code for a GPU that torch itself still supports."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.shared.machine import clean, env_subject, gpu_shown, rows, seen, torch_shown
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts


@check("CL020", severity=Severity.ERROR)
def gpu_too_old_for_cudnn(envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...]) -> Result:
    """The cuDNN of torch has no code for this GPU, so convolutions fail.

    Why:
        torch and cuDNN each support a list of GPUs, and cuDNN's can be shorter. torch then starts, sees the GPU and
        multiplies matrices, but convolutions and recurrent layers end with CUDNN_STATUS_NOT_SUPPORTED,
        CUDNN_STATUS_ARCH_MISMATCH or a crash.

    How we know:
        The version of cuDNN that torch uses, or the one that its build includes, against NVIDIA's list: cuDNN 8.9 and
        newer support compute capability 5.0 and newer, cuDNN 9.11 and newer 7.5 and newer.

    Fix:
        Install a build with an older cuDNN: for a Tesla K80 the last is torch {{last-torch sm_37}} from
        {{index sm_37}}, for Maxwell, Pascal and Volta torch {{last-torch sm_61}} from {{index sm_61}}. `cudadoctor
        recommend` prints the command for this machine. If a newer cuDNN was installed by hand, reinstall torch, which
        puts its own back.

        `torch.backends.cudnn.enabled = False` also works, at a fraction of the speed.

    Harmless when:
        Nothing uses convolutions or recurrent layers on that GPU.

    Sources:
        https://docs.nvidia.com/deeplearning/cudnn/archives/cudnn-891/support-matrix/index.html
        https://github.com/pytorch/pytorch/issues/162574
    """
    from cudadoctor.compat import arch, cudnn

    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None:
            continue
        version = torch.cudnn or _included(env, torch)
        floor = cudnn.floor(version) if version is not None else None
        if floor is None:
            if version is None and any(_maybe_old(gpu) for gpu in gpus):
                yield Unknown(subject=env_subject(env), reason="the version of its cuDNN is not known")
            continue
        for gpu in gpus:
            capability = gpu.compute_capability
            if capability is None or capability >= floor.oldest:
                continue
            if torch.arch_list and arch.runs(capability, torch.arch_list) == "no":
                continue  # torch itself has no code for it, and that is said
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} uses cuDNN {clean(floor.cudnn, 20)}, which supports compute capability "
                    f"{floor.oldest} and newer, and {gpu_shown(gpu)} has {capability}: convolutions fail"
                ),
                evidence=rows(
                    torch.seen,
                    seen(torch.location, f"cuDNN {floor.cudnn}"),
                    seen(gpu.capability_from or "GPU", str(capability)),
                ),
                source=floor.source,
                severity=None if env.active else Severity.INFO,
                confidence=Confidence.CERTAIN if torch.cudnn else Confidence.LIKELY,
            )


def _included(env: EnvFacts, torch: TorchFacts) -> str | None:
    """The cuDNN that PyTorch's own build includes; conda-forge's takes whatever was solved."""
    from cudadoctor.compat import cudnn

    if torch.cuda is None or (torch.installer == "conda" and not (torch.build_string or "").startswith("py")):
        return None
    return cudnn.bundled(torch.version, torch.cuda, "conda" if env.kind == "conda" else "pip")


def _maybe_old(gpu: GpuFacts) -> bool:
    """A GPU that some cuDNN does not support."""
    return gpu.compute_capability is not None and (gpu.compute_capability.major, gpu.compute_capability.minor) < (7, 5)
