"""Finds a torch without CUDA on a machine with a GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import (
    active,
    computes_on_cpu,
    env_subject,
    expects_gpu,
    given_away,
    has_node,
    is_cpu_build,
    rows,
    switched_off,
    too_old_for_torch,
    torch_shown,
)
from cudadoctor.checks.shared.messages import every, first, shown, subject, torch_of
from cudadoctor.facts.driver import DeviceNode, DriverFacts, PciFacts
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitInventory

_CUDA_PACKAGES = ("cudatoolkit", "pytorch-cuda", "cuda-toolkit", "cuda-runtime", "cuda-nvcc")
"""Beside a CPU build: what conda was asked for, and its solver left torch without."""


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

    How we know:
        torch.version.cuda is None and its version or build says cpu (+cpu, py3.11_cpu_0), on a machine with an NVIDIA
        GPU. In a text: "AssertionError: Torch not compiled with CUDA enabled", a missing libtorch_cuda.so, or "CUDA
        used to build PyTorch: None" where a GPU, a driver or a toolkit shows that CUDA was meant. "CUDA used to build
        PyTorch: Could not collect" is said of CPU builds too, and decides nothing alone.

    Fix:
        `python -m pip uninstall -y torch torchvision torchaudio`, then run the command that `cudadoctor recommend`
        prints for this machine. For a driver that supports CUDA 12 it is, for example, `python -m pip install torch
        torchvision --index-url {{index cuda 12}}`.

        conda: `conda install -c conda-forge pytorch-gpu`, where `__cuda` must be in the list of `conda info` (on a
        machine without a driver: CONDA_OVERRIDE_CUDA).

        uv: `uv pip install torch --torch-backend=auto`, which looks at the driver but not at the GPU. On Windows a
        plain `pip install torch` is the CPU build. In a requirements or lock file look for `+cpu` and for an index with
        /whl/cpu.

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


@also(cpu_only_build)
def in_messages(  # noqa: PLR0917  facts, passed by name
    symptoms: tuple[Symptom, ...],
    envs: tuple[EnvFacts, ...] | None,
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    toolkit: ToolkitInventory | None,
    driver: DriverFacts | None,
) -> Result:
    """Something asked this torch for CUDA, and it has none: by its own words, or by an extension's."""
    torch = torch_of(envs)
    if gpus == () or (torch is not None and (torch.cuda is not None or torch.hip is not None)):
        return
    if torch is not None and generic_aarch64(torch, os):
        return
    one = first(symptoms, "torch-without-cuda")
    asked = one is not None and "not compiled" in one.seen.text.lower()
    other = next((met for met in every(symptoms, "xformers-built-for") if _replaced(met)), None)
    if not asked and other is None and torch is not None and is_cpu_build(torch):
        missing = every(symptoms, "torch-symbol-undefined", "torch-library-not-found")
        other = next((met for met in missing if _of_cuda(met)), None)
    if not asked and other is None and _on_linux(envs, os):
        other = first(symptoms, "torch-without-nccl")
    if not asked and other is not None:
        one, asked = other, True
    if one is None or not (asked or _wanted(envs, gpus, toolkit, driver)):
        return
    yield _of_build(envs, rows(one.seen, torch.seen if torch is not None else None))


@also(cpu_only_build)
def with_cuda_beside_it(  # noqa: PLR0917  facts, passed by name
    envs: tuple[EnvFacts, ...],
    symptoms: tuple[Symptom, ...] | None,
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    toolkit: ToolkitInventory | None,
    driver: DriverFacts | None,
) -> Result:
    """A CPU build where CUDA was asked for all the same, and the GPUs are not known."""
    torch = torch_of(envs)
    if gpus is not None or torch is None or not is_cpu_build(torch) or generic_aarch64(torch, os):
        return
    if os is not None and os.uid is not None:
        return  # a machine that was examined: what is not known of it stays so
    asked = first(symptoms or (), "cuda-build-asked", "pip-torch-index")
    if asked is not None or _wanted(envs, gpus, toolkit, driver):
        yield _of_build(envs, rows(torch.seen, asked.seen if asked is not None else None))


@also(cpu_only_build)
def by_default_index(
    envs: tuple[EnvFacts, ...],
    os: OsFacts,
    gpus: tuple[GpuFacts, ...] | None,
    toolkit: ToolkitInventory | None,
    driver: DriverFacts | None,
) -> Result:
    """A torch on Windows that finds no GPU, of which only the number is told: pip gives a CPU build there."""
    torch = torch_of(envs)
    if os.id != "windows" or torch is None or gpus == () or not _wanted(envs, gpus, toolkit, driver):
        return
    if general_wheel_without_cuda(torch, "win-amd64"):
        yield _of_build(envs, (torch.seen,))


def general_wheel_without_cuda(torch: TorchFacts, platform: str) -> bool:
    """It finds no GPU, says nothing about its build, and pip's plain wheel of that release has no CUDA there."""
    from cudadoctor.compat import torch as torches

    told_nothing = (torch.cuda, torch.hip, torch.build, torch.build_string) == (None, None, None, None)
    if not told_nothing or torch.installer not in (None, "pip", "uv") or torch.live.is_available is not False:
        return False
    return "+" not in torch.version and torches.pypi_default(torch.version, platform) == "cpu"


def _of_build(envs: tuple[EnvFacts, ...] | None, evidence: tuple[Seen, ...]) -> Problem:
    return Problem(
        subject=subject(envs),
        message=f"{shown(envs)} is a CPU-only build, and CUDA was asked of it",
        evidence=evidence,
        source=PYTORCH_INSTALL,
        confidence=Confidence.LIKELY,
    )


def _replaced(one: Symptom) -> bool:
    """An extension for a CUDA build met a CPU build."""
    return "+cu" in one.values.get("built", "") and one.values.get("torch", "").endswith("+cpu")


def _of_cuda(one: Symptom) -> bool:
    """An extension misses a function, or a library, that only a CUDA build of torch has."""
    if one.kind == "torch-library-not-found":
        return "_cuda" in one.values["library"]
    return any(name in one.values.get("symbol", "") for name in ("3c104cuda", "2at4cuda"))


def _wanted(
    envs: tuple[EnvFacts, ...] | None,
    gpus: tuple[GpuFacts, ...] | None,
    toolkit: ToolkitInventory | None,
    driver: DriverFacts | None,
) -> bool:
    """CUDA is meant to be used: a GPU, its driver or a toolkit is there, or CUDA packages lie beside torch."""
    env = active(envs or ())
    beside = env is not None and any(name in env.packages for name in _CUDA_PACKAGES)
    runs = driver is not None and bool(driver.loaded or driver.version)
    return bool(gpus) or beside or runs or (toolkit is not None and bool(toolkit.toolkits))


def _on_linux(envs: tuple[EnvFacts, ...] | None, os: OsFacts | None) -> bool:
    """A Linux PC or server, by the kernel, the distribution or the environment's path; Jetsons' builds lack NCCL."""
    if os is not None and (os.jetson is not None or os.id in ("windows", "macos")):
        return False
    env = active(envs or ())
    by_path = env is not None and env.prefix.startswith(("/home/", "/root/", "/opt/conda", "/usr/"))
    return by_path or (os is not None and (os.kernel is not None or os.id is not None))
