"""Installed CUDA toolkits and the host compiler."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.facts.seen import Seen
from cudadoctor.versions import ToolkitVersion


class ToolkitFacts(Struct, frozen=True, kw_only=True):
    """One CUDA toolkit on disk."""

    root: str
    """As it was found: /usr/local/cuda-10.1."""
    real_root: str
    version: ToolkitVersion | None = None
    nvcc: str | None = None
    """The path of its nvcc, resolved; None where it has none (a runtime without compiler)."""
    gcc_max: int | None = None
    """The newest gcc major that its crt/host_config.h takes."""
    clang_max: int | None = None
    own_compiler: bool = False
    """A gcc or g++ lies beside its nvcc, which takes it before the one on PATH (Debian's wrappers, a user's link)."""
    headers: bool | None = None
    """cuda_runtime.h is there; None where that is not known."""
    origin: str = "nvidia"
    """nvidia, distribution, conda, pip, hpc-sdk."""
    seen: Seen


class ToolkitLink(Struct, frozen=True, kw_only=True):
    """A link such as /usr/local/cuda."""

    path: str
    target: str
    resolved: str | None
    """None: it points at nothing."""


class ToolkitInventory(Struct, frozen=True, kw_only=True):
    """All toolkits that were found, and which of them the shell would use."""

    toolkits: tuple[ToolkitFacts, ...] = ()
    links: tuple[ToolkitLink, ...] = ()
    nvcc_on_path: str | None = None
    """The first nvcc on PATH, as found there."""
    nvcc_on_path_root: str | None = None
    """The real root of the toolkit that it belongs to (wrappers followed)."""
    cuda_home: str | None = None
    """CUDA_HOME, else CUDA_PATH, as set."""
    cuda_home_variable: str | None = None
    cuda_home_exists: bool | None = None
    cuda_home_root: str | None = None
    """The real root of the toolkit there; None where CUDA_HOME names none."""


class CompilerFacts(Struct, frozen=True, kw_only=True):
    """The C++ compiler that nvcc would call."""

    path: str
    kind: str
    """gcc or clang."""
    major: int
    version: str
    variable: str | None = None
    """The variable that chose it (NVCC_CCBIN, CUDAHOSTCXX, CXX), or None where it is the first on PATH."""
    seen: Seen
