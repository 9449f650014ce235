"""One directory that may be a CUDA toolkit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from cudadoctor.facts.seen import Seen
from cudadoctor.facts.toolkit import ToolkitFacts
from cudadoctor.host.base import Refusal
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Clock
from cudadoctor.probes.nvcc_find import DISTRIBUTION_ROOTS, Nvcc, resolve
from cudadoctor.probes.quiet import Quiet
from cudadoctor.versions import ToolkitVersion

if TYPE_CHECKING:
    from cudadoctor.parsers.host_config import HostLimits

_NVCC_LIMIT = 10.0
"""Seconds for `nvcc --version`, which prints at once unless its file system is slow."""
_Read = tuple[ToolkitVersion, Seen]


class Candidate(Struct, frozen=True, kw_only=True):
    """A directory that may hold a toolkit."""

    path: str
    """The name to show."""
    real: str
    nvcc: Nvcc | None = None
    """The compiler on PATH that led here."""
    environment: bool = False
    """The active conda environment: a toolkit only where it has a compiler."""


def examine(host: Quiet, clock: Clock, candidate: Candidate) -> ToolkitFacts | None:
    """What the directory is, or None where it is no toolkit: neither a compiler nor a file that tells a version."""
    root = candidate.real
    distribution = root in {"/usr", *DISTRIBUTION_ROOTS}
    conda = bool(host.glob(f"{root}/conda-meta/history", 1))
    folders = (f"{root}/bin", f"{DISTRIBUTION_ROOTS[1]}/bin") if distribution else (f"{root}/bin",)
    # /usr/bin and the bin of an environment hold compilers of their own right, which nvcc does not prefer.
    own_compilers = () if conda else host.globs(*(f"{folder}/g[c+][c+]" for folder in folders if folder != "/usr/bin"))
    nvcc = _nvcc(host, candidate, distribution=distribution)
    read = _from_files(host, root, distribution=distribution)
    limits = _limits(host, root, distribution=distribution)
    if read is None and nvcc is not None:
        read = _asked(host, clock, nvcc)
    if read is None and nvcc is None:
        read = _from_runtime(host, root)
    if nvcc is None and (read is None or conda or candidate.environment):
        return None
    version, seen = read or (None, Seen(where=nvcc or root, text="no version was found"))
    return ToolkitFacts(
        root=candidate.path,
        real_root=root,
        version=version,
        nvcc=nvcc,
        gcc_max=limits.gcc_max,
        clang_max=limits.clang_max,
        own_compiler=nvcc is not None and bool(own_compilers),
        headers=_headers(host, root, distribution=distribution),
        origin=_origin(root, distribution=distribution, conda=conda),
        seen=seen,
    )


def _headers(host: Quiet, root: str, *, distribution: bool) -> bool:
    folders = (f"{root}/include", f"{root}/targets/*/include", *(("/usr/include",) if distribution else ()))
    return bool(host.globs(*(f"{folder}/cuda_runtime.h" for folder in folders), most=2))


def _origin(root: str, *, distribution: bool, conda: bool) -> str:
    if distribution:
        return "distribution"
    if "/hpc_sdk/" in root:
        return "hpc-sdk"
    if "/site-packages/" in root:
        return "pip"
    return "conda" if conda else "nvidia"


def _nvcc(host: Quiet, candidate: Candidate, *, distribution: bool) -> str | None:
    if distribution:
        paths = (f"{DISTRIBUTION_ROOTS[1]}/bin/nvcc", "/usr/bin/nvcc")
        found = [nvcc for nvcc in (resolve(host, path) for path in paths) if nvcc is not None]
        # A link in /usr/bin that leads to a toolkit elsewhere is that toolkit's.
        own = [nvcc.resolved for nvcc in found if nvcc.root in {"/usr", *DISTRIBUTION_ROOTS}]
        return own[0] if own else None
    beside = resolve(host, f"{candidate.real}/bin/nvcc")
    if beside is not None and beside.root == candidate.real:
        return beside.resolved
    return candidate.nvcc.resolved if candidate.nvcc else None


def _from_files(host: Quiet, root: str, *, distribution: bool) -> _Read | None:
    from cudadoctor.parsers import toolkit_version

    headers = [f"{root}/include/cuda.h", *host.glob(f"{root}/targets/*/include/cuda.h", 8)]
    if distribution:
        headers.append("/usr/include/cuda.h")
    sources: list[tuple[str, Callable[[str], ToolkitVersion | None]]] = [
        (f"{root}/version.json", toolkit_version.version_json),
        (f"{root}/version.txt", toolkit_version.version_txt),
        *((path, toolkit_version.cuda_h) for path in headers),
    ]
    for path, parse in sources:
        # A piece is enough: cuda.h is close to a megabyte and has the number in its first 20 kilobytes.
        text = host.read(path, 65536)
        version = parse(text) if text else None
        if version is not None:
            shown = one_line(text or "", longest=80) if path.endswith(".txt") else f"CUDA {version}"
            return version, Seen(where=path, text=shown)
    return None


def _asked(host: Quiet, clock: Clock, nvcc: str) -> _Read | None:
    """From the compiler itself, where no file tells."""
    from cudadoctor.parsers import nvcc as nvcc_output

    try:
        done = host.host.run([nvcc, "--version"], timeout=clock.limit(_NVCC_LIMIT))
    except Refusal:
        return None
    said = nvcc_output.parse(done.stdout)
    return None if said is None else (said.release, Seen(where=f"{nvcc} --version", text=f"release {said.release}"))


def _from_runtime(host: Quiet, root: str) -> _Read | None:
    """From the runtime library's name, where there is no compiler: images that only run programs."""
    from cudadoctor.parsers import toolkit_version

    for path in host.globs(f"{root}/targets/*/lib/libcudart.so.*.*", f"{root}/lib64/libcudart.so.*.*", most=20):
        version = toolkit_version.cudart_name(path)
        if version is not None:
            # The library's patch number is its own, not the toolkit's.
            release = ToolkitVersion(version.major, version.minor)
            return release, Seen(where=path, text=posixpath.basename(path))
    return None


def _limits(host: Quiet, root: str, *, distribution: bool) -> HostLimits:
    """The newest host compilers; the header stands at another place before CUDA 9.2."""
    from cudadoctor.parsers import host_config

    paths = [
        f"{root}/include/crt/host_config.h",
        *host.glob(f"{root}/targets/*/include/crt/host_config.h", 8),
        f"{root}/include/host_config.h",
    ]
    if distribution:
        paths += ["/usr/include/crt/host_config.h", "/usr/include/host_config.h"]
    for path in paths:
        text = host.read(path, 1 << 18)
        limits = host_config.parse(text) if text else host_config.HostLimits()
        if limits.gcc_max is not None or limits.clang_max is not None:
            return limits
    return host_config.HostLimits()
