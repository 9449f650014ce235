"""The newest CUDA build of torch that this machine can run, and how to get it."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.checks.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies.machine import env_of, on_jetson
from cudadoctor.remedies.steps import Run, Step, Tell
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion


class Choice(Struct, frozen=True, kw_only=True):
    """A build that this machine can run."""

    torch: str
    tag: str
    """`cu126`."""
    index: str
    newest: bool
    """It is of the newest release that the tables know."""


def choose(facts: Facts, env: EnvFacts | None = None) -> Choice | None:
    """The newest torch with a CUDA build for this driver, every GPU and this Python; None where that is not certain."""
    from cudadoctor.compat import indexes, torch, torch_builds

    if facts.os is None or on_jetson(facts) or facts.os.arch not in ("x86_64", "aarch64") or not facts.gpus:
        return None
    capabilities = [gpu.compute_capability for gpu in facts.gpus]
    if None in capabilities:
        return None
    platform = f"linux-{facts.os.arch}"
    python = ".".join((env.python_version or "").split(".")[:2]) if env is not None else ""
    releases = [one for one in torch.releases() if one.confidence == "high"]
    for release in reversed(releases):
        if python and torch.python_supported(release.torch, python, platform) is not True:
            continue
        if not _glibc_is_enough(facts, release.torch):
            continue
        era = indexes.pip_era(release.torch)
        if era is None or era.how != "index":
            return None
        for build in reversed(torch_builds.builds(release.torch, "pip", platform)):
            if build.cuda is None or build.confidence == "low" or not _served(facts, build.cuda):
                continue
            built = torch_builds.built_arch_list(release.torch, build.cuda, "pip", "linux", facts.os.arch)
            if built is None or not all(_runs(capability, built) for capability in capabilities):
                continue
            return Choice(
                torch=release.torch,
                tag=build.tag,
                index=indexes.index_url(build.tag),
                newest=release.torch == torch.newest().torch,
            )
    return None


def _runs(capability: ComputeCapability | None, built: tuple[str, ...]) -> bool:
    from cudadoctor.compat.arch import runs

    return capability is not None and runs(capability, built) in ("binary", "ptx-jit")


def _glibc_is_enough(facts: Facts, version: str) -> bool:
    from cudadoctor.compat import torch

    assert facts.os is not None
    needed = torch.glibc_needed(version, facts.os.arch or "x86_64")
    if needed is None or facts.os.glibc is None:
        return True
    numbers = [int(part) for part in facts.os.glibc.split(".")[:2] if part.isdigit()]
    return tuple(numbers) >= needed


def _served(facts: Facts, cuda: CudaVersion) -> bool:
    """The driver serves it, by its own word or by the table; without a driver: what a new one will serve."""
    from cudadoctor.compat import drivers

    driver = facts.driver
    if driver is None or not (driver.version or driver.cuda_version):
        return True
    if driver.cuda_version is not None:
        said = driver.cuda_version
        return said.cuda >= cuda.cuda or (said.major == cuda.major and cuda.major > 11)
    floor = drivers.floor(cuda, windows=facts.os is not None and facts.os.wsl is not None)
    return floor is not None and driver.version is not None and driver.version >= floor.version


def newest_build(facts: Facts) -> str | None:
    """The install command as one line of text, or the rule in words where the command is not certain."""
    env = next((one for one in facts.envs or () if one.active), None)
    choice = choose(facts, env)
    if choice is None:
        return (
            "Install torch from PyTorch's index, in the build for the newest CUDA that this driver serves and that "
            "still has code for every GPU here: https://pytorch.org/get-started/locally/"
        )
    exact = "torch" if choice.newest else f"torch=={choice.torch}"
    extra = " torchvision" if choice.newest else ""
    return f"python -m pip install {exact}{extra} --index-url {choice.index}"


def install_steps(facts: Facts, env: EnvFacts | None) -> tuple[Step, ...]:
    """Replace the torch of one environment by the newest CUDA build that runs here; in words where not certain."""
    choice = choose(facts, env)
    words = Tell(
        text="Install torch, torchvision and torchaudio in one command from one index: the build for the newest CUDA "
        "that this driver serves and that still has code for every GPU here (https://pytorch.org/get-started/locally/)."
    )
    if env is None or choice is None:
        return (words,)
    if env.kind == "conda" and env.torch is not None and env.torch.installer == "conda":
        return (
            Tell(
                text=f"This torch came from conda. In a new environment, with pip: torch {choice.torch} in the build "
                f"{choice.tag}, from {choice.index}; or with conda: conda-forge's package pytorch-gpu, which asks for "
                "what the driver serves."
            ),
        )
    if env.python is None or env.kind in ("system", "uv", "pixi", "pipx"):
        return (
            Tell(text=f"Install torch {choice.torch}, build {choice.tag}, from {choice.index}, into an environment."),
        )
    exact = f"torch=={choice.torch}"
    company = tuple(name for name in ("torchvision", "torchaudio") if name in env.packages)
    remove = (
        (
            Run(
                argv=(env.python, "-m", "pip", "uninstall", "-y", "torch", *company),
                why="removes the build that does not fit, and what was built with it",
                safety="safe",
            ),
        )
        if env.torch is not None
        else ()
    )
    return (
        *remove,
        Run(
            argv=(
                env.python,
                "-m",
                "pip",
                "install",
                exact,
                *_pinned(choice.torch, company),
                "--index-url",
                choice.index,
            ),
            why=f"the newest build that this driver and every GPU here can run ({choice.tag})",
            safety="safe",
        ),
    )


def _pinned(version: str, company: tuple[str, ...]) -> tuple[str, ...]:
    """The torchvision and torchaudio that belong to this torch, where the table knows them."""
    from cudadoctor.compat import torch

    known = torch.companions(version)
    if known is None:
        return ()
    wanted = {"torchvision": known.torchvision, "torchaudio": known.torchaudio}
    return tuple(f"{name}=={wanted[name]}" for name in company if wanted[name])


def alternative(finding: Finding, facts: Facts) -> tuple[Step, ...]:
    """For a driver that is too old: the build that it can run."""
    if not finding.subject.startswith("env:"):
        return ()
    env = env_of(finding.subject, facts)
    version: DriverVersion | None = facts.driver.version if facts.driver is not None else None
    choice = choose(facts, env)
    if env is None or choice is None:
        return (Tell(text="Or, without a new driver: a build of torch for an older CUDA that the driver serves."),)
    shown = f"driver {version}" if version is not None else "this driver"
    return (
        Tell(
            text=f"Or, without a new driver: torch {choice.torch}, build {choice.tag}, from {choice.index}, runs on "
            f"{shown}."
        ),
    )
