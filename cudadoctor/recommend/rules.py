"""The rules that exclude a build: driver, every GPU, Python, glibc, and what was asked for by name."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat.drivers import Floor
from cudadoctor.compat.source import Source
from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.model import CONDA_FAMILY, Gpu, Request
from cudadoctor.versions import ComputeCapability, CudaVersion

LTS = "1.8.2"
"""Only for those who ask for it by its whole number: it has channels and indexes of its own."""

_runs: dict[tuple[ComputeCapability, tuple[str, ...]], str | None] = {}
_toolkits: dict[tuple[CudaVersion, ComputeCapability], bool | None] = {}
_shown: dict[tuple[str, ...], str] = {}
_floors: dict[tuple[CudaVersion, bool], Floor | None] = {}


class Objection(Struct, frozen=True, kw_only=True):
    """Why a build is out."""

    rule: str
    """`torch`, `cuda`, `python`, `glibc`, `gpu`, `cudnn`, `driver`, `confidence`."""
    text: str
    source: Source | None = None
    """Where the bound was read, if it is not the source of the build."""
    unknown: bool = False
    """It is not known to be wrong: the tables do not say."""


_OTHER_TORCH = Objection(rule="torch", text="another release was asked for")
_OTHER_CUDA = Objection(rule="cuda", text="a build for another CUDA was asked for")


def first_objection(one: Candidate, request: Request, wanted_torch: frozenset[str] | None) -> Objection | None:
    """The first rule that excludes the build, or None. `wanted_torch`: the releases that were asked for."""
    return (
        _torch(one, wanted_torch)
        or _cuda(one, request)
        or _python(one, request)
        or _companions(one, request, wanted_torch)
        or _glibc(one, request)
        or _gpus(one, request)
        or _cudnn(one, request)
        or _driver(one, request)
        or _confidence(one, wanted_torch)
    )


def python_binds(request: Request) -> bool:
    """Conda makes an environment with the Python that is needed: there only a Python that was asked for binds."""
    if request.python is None:
        return False
    return request.python.origin == "asked" or request.manager.value not in CONDA_FAMILY


def wants_cpu(request: Request) -> bool:
    """The CPU build was asked for, or the machine has no NVIDIA GPU and none was described."""
    if request.cuda is not None:
        return request.cuda.value is None
    if request.platform.value.startswith("macos"):
        return True
    meant_for_another = request.driver is not None and request.driver.origin == "asked"
    return request.gpus is not None and request.gpus.value == () and not meant_for_another


def named(one: Candidate) -> str:
    """`torch 1.7.1 with CUDA 10.1`, `torch 2.13.0 (CPU build)`."""
    return f"torch {one.torch} " + (f"with CUDA {one.cuda.release}" if one.cuda is not None else "(CPU build)")


def _torch(one: Candidate, wanted: frozenset[str] | None) -> Objection | None:
    if one.torch in (wanted or ()) or (wanted is None and one.torch != LTS):
        return None
    return _OTHER_TORCH


def _cuda(one: Candidate, request: Request) -> Objection | None:
    if request.cuda is None:
        return None if (one.cuda is None) == wants_cpu(request) else _OTHER_CUDA
    asked = request.cuda.value
    if (asked is None and one.cuda is None) or (asked and one.cuda and asked.cuda == one.cuda.cuda):
        return None
    return _OTHER_CUDA


def _python(one: Candidate, request: Request) -> Objection | None:
    if not python_binds(request) or request.python is None:
        return None
    python = request.python.value
    if one.pythons is None:
        return Objection(rule="python", text=f"{named(one)}: which Pythons it supports is unknown", unknown=True)
    if python in one.pythons:
        return None
    return Objection(rule="python", text=f"{named(one)} supports Python {span(one.pythons)}, not {python}")


def without_files(one: Candidate, request: Request) -> tuple[str, ...]:
    """The companions in the request that have no file for its Python, as `torchvision 0.20.1`."""
    from cudadoctor.compat import torch

    if one.channel != "pip" or request.python is None:
        return ()
    companions = torch.companions(one.torch)
    if companions is None:
        return ()
    found = []
    for name, version in (("torchvision", companions.torchvision), ("torchaudio", companions.torchaudio)):
        known = (
            torch.companion_pythons(name, version, one.platform) if version and name in request.packages.value else ()
        )
        if known and "3" not in known and request.python.value not in known:
            found.append(f"{name} {version}")
    return tuple(found)


def _companions(one: Candidate, request: Request, wanted: frozenset[str] | None) -> Objection | None:
    """A torch whose torchvision cannot be installed is no answer, unless it was asked for by its number."""
    lacking = without_files(one, request)
    if request.packages.origin != "asked":
        lacking = tuple(name for name in lacking if name.startswith("torchvision")) if wanted is None else ()
    if not lacking or request.python is None:
        return None
    text = f"{' and '.join(lacking)}, the companion of torch {one.torch}, has no file for Python {request.python.value}"
    return Objection(rule="packages", text=text)


def span(pythons: tuple[str, ...]) -> str:
    """`3.6 to 3.9`."""
    plain = [one for one in pythons if not one.endswith("t")] or list(pythons)
    return plain[0] if len(plain) == 1 else f"{plain[0]} to {plain[-1]}"


def _glibc(one: Candidate, request: Request) -> Objection | None:
    if request.glibc is None or not one.platform.startswith("linux"):
        return None
    have = request.glibc.value
    if one.glibc is None or have >= one.glibc:
        return None
    need = ".".join(map(str, one.glibc))
    return Objection(rule="glibc", text=f"{named(one)} needs glibc {need}, and {'.'.join(map(str, have))} is older")


def _gpus(one: Candidate, request: Request) -> Objection | None:
    if one.cuda is None or request.gpus is None:
        return None
    for gpu in request.gpus.value:
        found = _gpu(one, gpu, request)
        if found is not None:
            return found
    return None


def _gpu(one: Candidate, gpu: Gpu, request: Request) -> Objection | None:
    """A None answer of the table is "not known", never a yes."""
    if not gpu.capabilities:
        return Objection(rule="gpu", text=f"the compute capability of {gpu.name} is not known", unknown=True)
    for capability in gpu.capabilities:
        how = runs_how(one, capability, request)
        if how in ("binary", "ptx-jit"):
            continue
        if how is None:
            text = f"{named(one)}: its GPU list is unknown, so {capability.sm} support is unconfirmed"
            return Objection(rule="gpu", text=text, unknown=True)
        shown = f"{gpu.name} ({capability.sm})" if gpu.name else capability.sm
        return Objection(rule="gpu", text=f"{named(one)} does not support {shown}: built for {shown_archs(one)}")
    return None


def _cudnn(one: Candidate, request: Request) -> Objection | None:
    """The cuDNN of the build is newer than a GPU: torch starts there, and convolutions fail."""
    if request.gpus is None or one.cuda is None:
        return None
    from cudadoctor.compat import cudnn

    for gpu in request.gpus.value:
        for capability in gpu.capabilities:
            missed = cudnn.too_old_for_bundled(one.torch, one.cuda, capability, one.channel)
            if missed is not None:
                shown = f"{gpu.name} ({capability.sm})" if gpu.name else capability.sm
                text = (
                    f"{named(one)} includes cuDNN {missed.cudnn}, which has no code for {shown}: convolutions fail "
                    f"(it supports {missed.oldest.sm} and newer)"
                )
                return Objection(rule="cudnn", text=text, source=missed.source)
    return None


def shown_archs(one: Candidate) -> str:
    """The build's list in a few words."""
    from cudadoctor.compat.arch import targets

    arch_list = one.arch_list or ()
    if arch_list in _shown:
        return _shown[arch_list]
    built = targets(arch_list)
    plain = sorted({target.capability for target in built if not target.ptx})
    ptx = sorted({target.capability for target in built if target.ptx})
    words = " ".join(str(capability) for capability in plain)
    _shown[arch_list] = words + (f" and PTX {' '.join(map(str, ptx))}" if ptx else "")
    return _shown[arch_list]


def runs_how(one: Candidate, capability: ComputeCapability, request: Request) -> str | None:
    """`binary`, `ptx-jit`, `no`; None where no table says.

    PTX is not enough where the CUDA of the build is older than the GPU: its libraries (cuBLAS, cuDNN) have nothing for
    it. Nor where the driver is older than that CUDA: it cannot compile its PTX.
    """
    if one.arch_list is None or one.cuda is None:
        return None
    key = (capability, one.arch_list)
    if key not in _runs:
        from cudadoctor.compat import arch

        _runs[key] = arch.runs(capability, one.arch_list)
    return _runs[key] if _runs[key] != "ptx-jit" else _by_ptx(one.cuda, capability, request)


def _by_ptx(cuda: CudaVersion, capability: ComputeCapability, request: Request) -> str | None:
    from cudadoctor.compat import drivers, toolkits

    key = (cuda, capability)
    if key not in _toolkits:
        _toolkits[key] = toolkits.supports(cuda, capability)
    known = _toolkits[key]
    if known is not True:
        return None if known is None else "no"
    if request.driver is not None:
        supported = drivers.cuda_of_driver(request.driver.value)
        if supported is not None and supported.cuda < cuda.cuda:
            return "no"
    return "ptx-jit"


def floor_of(cuda: CudaVersion, *, windows: bool) -> Floor | None:
    """The oldest driver for a CUDA; asked of the table once."""
    key = (cuda, windows)
    if key not in _floors:
        from cudadoctor.compat import drivers

        _floors[key] = drivers.floor(cuda, windows=windows)
    return _floors[key]


def _driver(one: Candidate, request: Request) -> Objection | None:
    if one.cuda is None:
        return None
    if request.jetson is not None:
        return _jetpack(one, one.cuda.cuda, request)
    if request.driver is not None:
        have = request.driver.value
        floor = floor_of(one.cuda, windows=request.windows_driver)
        if floor is None:
            text = f"{named(one)}: which driver CUDA {one.cuda.release} needs is unknown"
            return Objection(rule="driver", text=text, unknown=True)
        if have >= floor.version:
            return None
        text = f"{named(one)} needs driver {floor.version} or newer, and {have} is older"
        return Objection(rule="driver", text=text)
    if request.cuda_driver is not None:
        return _said(one, one.cuda, request)
    return None


def _jetpack(one: Candidate, cuda: CudaVersion, request: Request) -> Objection | None:
    """A Jetson's driver comes with JetPack and is numbered apart: its CUDA is the bound."""
    from cudadoctor.compat import jetson

    board = jetson.torch_for(request.jetson or "")
    supported = request.cuda_driver.value.cuda if request.cuda_driver is not None else None
    if board is None or board.cuda is None or cuda <= max(board.cuda, supported or board.cuda):
        return None
    text = f"{named(one)} is newer than the CUDA of JetPack {board.jetpack} ({board.cuda.release})"
    return Objection(rule="driver", text=text, source=board.source)


def _said(one: Candidate, cuda: CudaVersion, request: Request) -> Objection | None:
    """The driver's version is not known, only the CUDA that it says it supports."""
    assert request.cuda_driver is not None
    supported = request.cuda_driver.value
    same_major = supported.major == cuda.major and cuda.major >= 11 and (supported.minor > 0 or cuda.major > 11)
    if supported.cuda >= cuda.cuda or same_major:
        return None
    text = f"{named(one)} needs a driver that supports CUDA {cuda.release}, and this one supports {supported.release}"
    return Objection(rule="driver", text=text)


def _confidence(one: Candidate, wanted: frozenset[str] | None) -> Objection | None:
    """A build that only its neighbours suggest is for those who ask for it, or have no other (Windows and conda)."""
    if not one.by_analogy or wanted is not None or one.channel != "pip":
        return None
    return Objection(rule="confidence", text=f"{named(one)}: not confirmed to be published", unknown=True)
