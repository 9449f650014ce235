"""Finds a general aarch64 wheel without CUDA on a machine with a GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import (
    active,
    clean,
    env_subject,
    expects_gpu,
    is_cpu_build,
    release,
    rows,
    torch_shown,
)
from cudadoctor.checks.shared.messages import first, shown, subject, torch_of
from cudadoctor.checks.torch.cpu_only_build import general_wheel_without_cuda, generic_aarch64
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("TB004", severity=Severity.ERROR)
def aarch64_wheel_without_cuda(
    envs: tuple[EnvFacts, ...], os: OsFacts, gpus: tuple[GpuFacts, ...] | None, driver: DriverFacts | None
) -> Result:
    """The installed torch is the general wheel for aarch64, which has no CUDA in it.

    Why:
        For years the general package index had only CPU builds of torch for aarch64. On a Jetson, a Grace machine or
        any other Arm machine with an NVIDIA GPU, `pip install torch` then gives a torch without CUDA.

    How we know:
        The machine is aarch64 with an NVIDIA GPU, and torch is a wheel without a local version (2.5.1, not 2.5.1+cu124)
        that was built without CUDA; in a text "Torch not compiled with CUDA enabled" on such a machine.

    Fix:
        On a server (Grace, GH200, DGX Spark): `python -m pip install --force-reinstall torch --index-url
        {{index cuda 13}}`, which has CUDA wheels for aarch64 (cu126 and cu128 have them for older torch). On a Jetson
        with JetPack 6 or older take NVIDIA's wheels or container for its JetPack; from JetPack 7 on the index for CUDA
        13 supports it. conda: `conda install -c conda-forge pytorch-gpu`.

    Harmless when:
        The program is meant to compute on the CPU.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    env = active(envs)
    if env is None or env.torch is None or not generic_aarch64(env.torch, os) or not is_cpu_build(env.torch):
        return
    if os.jetson is None and not expects_gpu(gpus, os, driver):
        return
    place = f"this {clean(os.jetson, 60)}" if os.jetson else "this Arm machine"
    yield Problem(
        subject=env_subject(env),
        message=(
            f"{torch_shown(env, env.torch)} is the general aarch64 wheel without CUDA, and {place} has an NVIDIA GPU"
        ),
        evidence=(env.torch.seen,),
        source=PYTORCH_INSTALL,
    )


@also(aarch64_wheel_without_cuda)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...], os: OsFacts) -> Result:
    """By torch itself, which says that it has no CUDA, on an Arm machine whose GPU is not known."""
    one = first(symptoms, "torch-without-cuda")
    torch = torch_of(envs)
    if one is None or torch is None or not generic_aarch64(torch, os) or torch.cuda is not None:
        return
    if "not compiled" not in one.seen.text.lower():
        return
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} is the general aarch64 wheel without CUDA, and CUDA was asked of it",
        evidence=rows(one.seen, torch.seen),
        source=PYTORCH_INSTALL,
        confidence=Confidence.LIKELY,
    )


@also(aarch64_wheel_without_cuda)
def by_default_index(
    envs: tuple[EnvFacts, ...], os: OsFacts, gpus: tuple[GpuFacts, ...] | None, driver: DriverFacts | None
) -> Result:
    """A torch that finds no GPU, of whose build only the number is told: the general wheel of that release."""
    torch = torch_of(envs)
    if torch is None or os.arch != "aarch64" or not general_wheel_without_cuda(torch, "linux-aarch64"):
        return
    # NVIDIA's own wheels for older JetPacks had plain numbers, too; from 1.12 on they say +nv22.05.
    if os.jetson is not None and release(torch.version) < (1, 12):
        return
    if os.jetson is None and not expects_gpu(gpus, os, driver):
        return
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} finds no GPU: the general aarch64 wheel of this release has no CUDA",
        evidence=(torch.seen,),
        source=PYTORCH_INSTALL,
        confidence=Confidence.LIKELY,
    )
