"""The request to the resolver, and its answer."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, CudaVersion, DriverVersion

Origin = Literal["asked", "detected", "default"]
Manager = Literal["conda", "mamba", "micromamba", "pixi", "pip", "uv"]
Platform = Literal["linux-x86_64", "linux-aarch64", "win-amd64", "macos-arm64", "macos-x86_64"]
Style = Literal["working", "published"]
Verdict = Literal["ok", "outdated", "impossible", "unknown"]

MANAGERS: tuple[Manager, ...] = ("conda", "mamba", "micromamba", "pixi", "pip", "uv")
PLATFORMS: tuple[Platform, ...] = ("linux-x86_64", "linux-aarch64", "win-amd64", "macos-arm64", "macos-x86_64")
CONDA_FAMILY = frozenset({"conda", "mamba", "micromamba", "pixi"})
COMPANIONS = ("torchvision", "torchaudio")

T = TypeVar("T")


class Value(Struct, Generic[T], frozen=True, kw_only=True):
    """One value of the request, and where it came from."""

    value: T
    origin: Origin


class Gpu(Struct, frozen=True, kw_only=True):
    """A GPU to serve."""

    name: str | None = None
    capabilities: tuple[ComputeCapability, ...] = ()
    """One where it is known; several where GPUs of this name differ (all must run); none where it is not known."""

    def __str__(self) -> str:
        shown = " or ".join(str(one) for one in self.capabilities) or "capability not known"
        return f"{self.name} ({shown})" if self.name else f"compute capability {shown}"


class Request(Struct, frozen=True, kw_only=True):
    """What is wanted, and the machine that it is for. None: not given and not known."""

    torch: Value[str] | None = None
    """`1.4.0`, `1.7`, `latest`; a suffix `+cu101` was turned into `cuda`."""
    cuda: Value[CudaVersion | None] | None = None
    """A value of None asks for the CPU build."""
    python: Value[str] | None = None
    """`3.7`, `3.13t`."""
    manager: Value[Manager] = Value(value="pip", origin="default")
    platform: Value[Platform] = Value(value="linux-x86_64", origin="default")
    driver: Value[DriverVersion] | None = None
    cuda_driver: Value[CudaDriverVersion] | None = None
    """The CUDA that the driver itself says it supports; used only where its version is not known."""
    gpus: Value[tuple[Gpu, ...]] | None = None
    """Empty: there is no NVIDIA GPU."""
    glibc: Value[tuple[int, int]] | None = None
    packages: Value[tuple[str, ...]] = Value(value=COMPANIONS, origin="default")
    style: Value[Style] = Value(value="working", origin="default")
    wsl: bool = False
    """The driver is that of Windows."""
    machine: str | None = None
    """`uname -m` of a machine that upstream publishes nothing for: ppc64le, riscv64 …"""
    jetson: str | None = None
    """The board, where it is one: its builds come from NVIDIA's JetPack."""

    @property
    def windows_driver(self) -> bool:
        """Floors are those of the Windows driver."""
        return self.wsl or self.platform.value == "win-amd64"

    @property
    def family(self) -> Literal["conda", "pip"]:
        """Whose builds the manager takes."""
        return "conda" if self.manager.value in CONDA_FAMILY else "pip"


class Reason(Struct, frozen=True, kw_only=True):
    """Why this build, or what to know about it."""

    rule: str
    """`driver`, `gpu`, `python`, `glibc`, `platform`, `manager`, `channel`, `published`, `numpy` …"""
    text: str
    source: Source | None = None
    detail: bool = False
    """Shown on request only: it neither decided anything nor asks for anything."""


class Rejected(Struct, frozen=True, kw_only=True):
    """A build that was nearer to the request, and the rule that excludes it."""

    torch: str
    cuda: str | None
    """`12.6`; None: the CPU build, or all builds of the release."""
    rule: str
    text: str


class Alternative(Struct, frozen=True, kw_only=True):
    """Another way, or the least change that would help."""

    command: str | None
    text: str


class Choice(Struct, frozen=True, kw_only=True):
    """The build."""

    torch: str
    torchvision: str | None
    torchaudio: str | None
    cuda: str | None
    """`12.6`; None: CPU."""
    python: str | None
    manager: Manager
    channels: tuple[str, ...]
    """conda and its relatives; empty for pip and uv."""
    index_url: str | None
    """pip and uv: the index, or the page of links; None: the default index."""
    build: str | None
    """`cu126`, `cpu`; for conda the pattern of the build string."""


class Recommendation(Struct, frozen=True, kw_only=True):
    """The answer."""

    request: Request
    verdict: Verdict
    command: str | None
    commands: tuple[str, ...] = ()
    """All lines, in order."""
    published: str | None = None
    choice: Choice | None = None
    reasons: tuple[Reason, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
