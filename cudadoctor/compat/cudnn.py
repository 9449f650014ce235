"""cuDNN: the version that each build of torch brings, and the oldest GPU that a version has code for."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat._tables import numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.compat.torch import base_version
from cudadoctor.versions import ComputeCapability, CudaVersion


class CudnnFloor(Struct, frozen=True, kw_only=True):
    """The oldest GPU that a cuDNN supports."""

    cudnn: str
    """`9.10.2.21`."""
    oldest: ComputeCapability
    source: Source


def bundled(torch: str, cuda: CudaVersion, channel: str = "pip") -> str | None:
    """The cuDNN of a build (`9.1.0.70`), or None where the table does not say.

    `channel`: `pip`, `conda` (upstream's own, made from the same matrix) or `conda-forge`.
    """
    tables = table("cudnn")
    if channel == "conda-forge":
        return next((str(version) for major, version in tables["conda_forge"] if major == cuda.major), None)
    wanted = [".".join(base_version(torch).split(".")[:2]), cuda.release]
    return next((str(row[2]) for row in tables["builds"] if row[:2] == wanted), None)


def floor(cudnn: str) -> CudnnFloor | None:
    """The oldest GPU for a cuDNN; None for a version older than the first whose GPUs were read."""
    wanted = numbers(cudnn)
    found = None
    for first, oldest, url in table("cudnn")["floors"]:
        if wanted >= numbers(first):
            capability = ComputeCapability.parse(oldest)
            assert capability is not None
            named = Source(title=f"GPUs of cuDNN {first}", url=url, read_on=table("cudnn")["read_on"])
            found = CudnnFloor(cudnn=cudnn, oldest=capability, source=named)
    return found


def too_old_for_bundled(
    torch: str, cuda: CudaVersion, capability: ComputeCapability, channel: str = "pip"
) -> CudnnFloor | None:
    """The floor that a GPU misses: the build starts on it, and its convolutions fail. None: not known to fail."""
    version = bundled(torch, cuda, channel)
    found = floor(version) if version is not None else None
    return found if found is not None and capability < found.oldest else None


def builds_source() -> Source:
    """Where the cuDNN of each build was read."""
    return source("cudnn", "torch_releases")
