"""Finds a torch without CUDA on a machine with a GPU."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import (
    active,
    computes_on_cpu,
    env_subject,
    expects_gpu,
    given_away,
    has_node,
    is_cpu_build,
    switched_off,
    too_old_for_torch,
    torch_shown,
)
from cudadoctor.checks.sources import PYTORCH_INSTALL
from cudadoctor.facts.driver import DeviceNode, DriverFacts, PciFacts
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts


def generic_aarch64(torch: TorchFacts, os: OsFacts | None) -> bool:
    """A wheel for aarch64 that says nothing of a build: for years the general index had no CUDA in it."""
    return os is not None and os.arch == "aarch64" and "+" not in torch.version and torch.installer != "conda"


@check("TB001", severity=Severity.ERROR)
def cpu_only_build(  # noqa: PLR0917  facts, passed by name
    envs: tuple[EnvFacts, ...],
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    nodes: tuple[DeviceNode, ...] | None,
) -> Result:
    """The active environment's torch is a CPU-only build, and there is an NVIDIA GPU.

    Why:
        torch is built either with CUDA or without. A build without it never uses the GPU, whatever driver and toolkit
        are there. conda's solver and some indexes choose it without a word.

    Fix:
        Replace torch (with torchvision and torchaudio) by a build for a CUDA that the driver serves.

    Harmless when:
        The program is meant to compute on the CPU, the GPU is too old for any build of torch, or a container was
        given no GPU and its image speaks of none: then it is information. Builds for ROCm or XPU are not reported,
        and other environments are not judged.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    env = active(envs)
    if env is None or env.torch is None or given_away(pci):
        return
    if not expects_gpu(gpus, os, driver):
        if gpus is None:
            yield Unknown(subject=env_subject(env), reason="whether there is a GPU is not known")
        return
    known = is_cpu_build(env.torch)
    if known is None:
        if env.torch.live.is_available is not True:
            yield Unknown(subject=env_subject(env), reason="what its torch was built for is not known")
        return
    if not known or generic_aarch64(env.torch, os):
        return
    given_none = nodes is not None and not has_node(nodes, "/dev/nvidiactl") and (os is not None and os.wsl is None)
    on_purpose = given_none and (switched_off(os) or computes_on_cpu(os, env))
    yield Problem(
        subject=env_subject(env),
        message=f"{torch_shown(env, env.torch)} is a CPU-only build, and this machine has an NVIDIA GPU",
        evidence=(env.torch.seen,),
        source=PYTORCH_INSTALL,
        severity=Severity.INFO if on_purpose or too_old_for_torch(gpus) else None,
    )
