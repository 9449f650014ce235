"""conda: how each era of torch chooses its CUDA, the builds that are known, and conda-forge."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.compat._tables import Confidence, numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.compat.torch import base_version, companions
from cudadoctor.versions import CudaVersion, RuntimeVersion

EraName = Literal["feature-package", "cudatoolkit", "pytorch-cuda", "conda-forge"]
_ERAS: dict[str, EraName] = {
    "0.1": "feature-package",
    "1.0.1": "cudatoolkit",
    "1.13.0": "pytorch-cuda",
    "2.6.0": "conda-forge",
}


class Era(Struct, frozen=True, kw_only=True):
    """How a conda command chooses the CUDA of torch."""

    name: EraName
    first: str
    last: str | None
    """None: until now."""
    source: Source


class CondaBuild(Struct, frozen=True, kw_only=True):
    """A build of the channel `pytorch` by its string."""

    torch: str
    cuda: RuntimeVersion | None
    build: str
    """`py3.7_cuda10.1.243_cudnn7.6.3_0`."""
    confidence: Confidence
    """`high`: seen in logs or environment files; `low`: inferred."""
    source: Source


class CondaForge(Struct, frozen=True, kw_only=True):
    """What conda-forge builds now."""

    torch: str
    cuda_linux: tuple[RuntimeVersion, ...]
    cuda_windows: tuple[RuntimeVersion, ...]
    first_torch: str
    cuda_versions: tuple[RuntimeVersion, ...]
    """The releases of the package `cuda-version`."""
    pythons: tuple[str, ...]
    source: Source


class OnlyInDefaults(Struct, frozen=True, kw_only=True):
    """A package that a build requires, that conda-forge does not have and Anaconda's `defaults` has."""

    package: str
    """`jpeg`."""
    text: str
    """`jpeg 9b or older`."""
    required_by: str
    """`torchvision 0.8.2`."""
    source: Source


def eras() -> tuple[Era, ...]:
    """The four eras, oldest first."""
    return tuple(
        Era(
            name=_ERAS[row["first"]],
            first=row["first"],
            last=None if row["last"] == "now" else row["last"],
            source=source("conda", "conda"),
        )
        for row in table("conda")["eras"]
    )


def era(torch: str) -> Era | None:
    """The era of a release of torch, or None where its version cannot be read."""
    wanted = numbers(base_version(torch))
    if not wanted:
        return None
    return next((one for one in reversed(eras()) if wanted >= numbers(one.first)), None)


def builds(torch: str | None = None, cuda: CudaVersion | None = None) -> tuple[CondaBuild, ...]:
    """The build strings that are known: far from all that exist."""
    found = []
    for row in table("conda")["builds"]:
        version = RuntimeVersion.parse(row["cuda"])
        if torch is not None and row["torch"] != base_version(torch):
            continue
        if cuda is not None and (version is None or version.release != cuda.release):
            continue
        one = CondaBuild(
            torch=row["torch"],
            cuda=version,
            build=row["build"],
            confidence="high" if row["kind"] == "seen" else "low",
            source=source("conda", "conda"),
        )
        found.append(one)
    return tuple(found)


def last_torch_with_build(cuda: CudaVersion) -> tuple[str, Confidence] | None:
    """The last release that has a conda build for this CUDA, and how sure that is; None where no build is known.

    Not what the page lists last: 10.1 is listed up to 1.7.1, and builds go up to 1.8.1.
    """
    known = builds(cuda=cuda)
    if not known:
        return None
    last = max(known, key=lambda one: numbers(one.torch))
    sure: Confidence = "high" if any(one.torch == last.torch and one.confidence == "high" for one in known) else "low"
    return last.torch, sure


def pytorch_cuda_versions() -> tuple[RuntimeVersion, ...]:
    """The versions of the package `pytorch-cuda`."""
    return _versions(table("conda")["pytorch_cuda"])


def constraint(cuda: CudaVersion) -> str | None:
    """What the builds ask of `cudatoolkit` (or `pytorch-cuda`): `cudatoolkit >=10.1,<10.2`; None where not known."""
    return next((row["dep"] for row in table("conda")["constraints"] if row["cuda"] == cuda.release), None)


def run_dependencies(package: str, version: str, *, variant: Literal["cuda", "cpu"] = "cuda") -> tuple[str, ...] | None:
    """What a package of upstream's channels requires on Linux, without its pins on torch and CUDA; None: not known."""
    wanted = numbers(version)
    for row in table("conda")["run_dependencies"]:
        if row["package"] == package and numbers(row["first"]) <= wanted <= numbers(row["last"]):
            return tuple(spec.replace("{variant}", variant) for spec in row["depends"])
    return None


def cudatoolkit_channels(cuda: CudaVersion, *, windows: bool = False) -> tuple[str, ...]:
    """The channels that have `cudatoolkit` for a CUDA, of `conda-forge`, `defaults` and `nvidia`."""
    known = table("conda")["cudatoolkit"]
    names = {"conda-forge": "conda_forge", "defaults": "defaults", "nvidia": "nvidia"}
    return tuple(
        name for name, key in names.items() if cuda.release in known[key] and not (windows and name == "nvidia")
    )


def only_in_defaults(
    torch: str, cuda: CudaVersion | None, packages: tuple[str, ...] = ()
) -> tuple[OnlyInDefaults, ...]:
    """What a build of upstream's channel, with these companions, requires and conda-forge does not have."""
    found: list[OnlyInDefaults] = []
    its = era(torch)
    if cuda is not None and its is not None and its.name == "cudatoolkit":
        where = cudatoolkit_channels(cuda)
        if where and "conda-forge" not in where:
            name = f"cudatoolkit {cuda.release}"
            found.append(
                OnlyInDefaults(
                    package="cudatoolkit", text=name, required_by=f"torch {torch}", source=source("conda", "conda")
                )
            )
    known = companions(torch)
    vision = known.torchvision if known is not None and "torchvision" in packages else None
    for package, version in (("pytorch", base_version(torch)), ("torchvision", vision)):
        for spec in run_dependencies(package, version) or () if version is not None else ():
            for row in table("conda")["only_in_defaults"]:
                if spec == f"{row['name']} {row['spec']}":
                    by = f"{package.replace('pytorch', 'torch')} {version}"
                    named = Source(title=f"{by} requires {row['text']}", url=row["source"], read_on=row["read_on"])
                    found.append(OnlyInDefaults(package=row["name"], text=row["text"], required_by=by, source=named))
    return tuple(found)


def last_official() -> str:
    """The last release on the channel `pytorch`."""
    return str(table("conda")["end"]["last_version"])


def channel_rules() -> tuple[str, ...]:
    """Which channels each CUDA needs, in words, as upstream printed them."""
    return tuple(table("conda")["channels"])


def extra_channel(
    torch: str, cuda: CudaVersion, where: Literal["page", "selector", "lts"], *, windows: bool = False
) -> str | None:
    """The channel that upstream printed besides its own for a `cudatoolkit`; None where it printed none."""
    wanted = numbers(base_version(torch))
    for row in table("conda")["extra_channels"]:
        mine = row["where"] == where and row["cuda"] == cuda.release
        if mine and numbers(row["first"]) <= wanted <= numbers(row["last"]):
            return str(row["windows" if windows else "linux"])
    return None


def forge() -> CondaForge:
    """conda-forge's builds."""
    row = table("conda")["conda_forge"]
    return CondaForge(
        torch=row["version"],
        cuda_linux=_versions(row["cuda_builds_linux"]),
        cuda_windows=_versions(row["cuda_builds_windows"]),
        first_torch=row["first_version"].split(" ")[0],
        cuda_versions=_versions(row["cuda_version_releases"]),
        pythons=tuple(row["pythons"]),
        source=source("conda", "conda"),
    )


def reference_command(*, windows: bool = False) -> str:
    """The command that the site printed for CUDA 10.1 in the days of torch 1.4.0."""
    return str(table("conda")["reference_case"]["windows" if windows else "linux"])


def _versions(texts: list[str]) -> tuple[RuntimeVersion, ...]:
    return tuple(one for text in texts if (one := RuntimeVersion.parse(text)) is not None)
