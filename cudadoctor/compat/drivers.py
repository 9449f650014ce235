"""Questions about NVIDIA drivers: floors, branches, the GPUs that they know, the kernel module that they need."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat._tables import numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, CudaVersion, DriverVersion

_MINOR_COMPATIBILITY_FROM = 11
"""Before CUDA 11 each minor release needed its own driver."""


class Floor(Struct, frozen=True, kw_only=True):
    """The oldest driver that runs a program with a CUDA runtime."""

    version: DriverVersion
    source: Source
    minor_version_compatibility: bool
    """The rule from CUDA 11 on: a driver of the same major is enough, though JIT of newer PTX fails on it."""


class Branch(Struct, frozen=True, kw_only=True):
    """A driver branch: 580."""

    number: int
    cuda: CudaDriverVersion | None
    """The newest CUDA that it supports; None where only its major is published."""
    kind: str | None = None
    """`LTS`, `Production`, `New Feature`; None where the list does not say."""
    end_of_life: str | None = None
    """`2028-06`; None where the list does not say."""


def floor(runtime: CudaVersion, *, windows: bool = False) -> Floor | None:
    """The oldest Linux (or Windows) driver that runs a program with this runtime, or None where no table says.

    From CUDA 11 on every release of a major has that major's floor, also one that the table does not name (13.5); 11.0
    alone has a lower one of its own. Before that each release has its own.
    """
    column = 2 if windows else 1
    tables = table("drivers")
    own = _native(runtime)
    for row in tables["minor"]:
        if row[0] == runtime.major and (runtime.major, runtime.minor) != (11, 0):
            version = _driver(row[column])
            if version is None:
                return None
            return Floor(version=version, source=source("drivers", "driver_minor"), minor_version_compatibility=True)
    version = _driver(own[column]) if own else None
    if version is None:
        return None
    rule = runtime.major >= _MINOR_COMPATIBILITY_FROM
    return Floor(version=version, source=source("drivers", "driver_floor"), minor_version_compatibility=rule)


def shipped_driver(toolkit: CudaVersion, *, windows: bool = False) -> DriverVersion | None:
    """The driver with all of a toolkit's features (the oldest that a release of it shipped with), where known."""
    own = _native(toolkit)
    return _driver(own[2 if windows else 1]) if own else None


def cuda_of_driver(version: DriverVersion) -> CudaDriverVersion | None:
    """The newest CUDA that a Linux driver's branch supports; None where the branch is in no table."""
    for branch, cuda in table("drivers")["branches"]:
        if branch == version.branch:
            return CudaDriverVersion.parse(cuda)
    return None


def cuda_major_of_driver(version: DriverVersion) -> int | None:
    """The newest CUDA major: also for branches of which only the major is published (620)."""
    cuda = cuda_of_driver(version)
    if cuda is not None:
        return cuda.major
    for branch, _, _, major in table("drivers")["lifecycle"]:
        if branch == version.branch:
            return int(major)
    return None


def serves(version: DriverVersion, runtime: CudaVersion, *, windows: bool = False) -> bool | None:
    """Whether a driver runs programs with this runtime, or None where no table says."""
    lowest = floor(runtime, windows=windows)
    return None if lowest is None else version >= lowest.version


def branches() -> tuple[Branch, ...]:
    """All branches that a table names, oldest first."""
    tables = table("drivers")
    cuda = {branch: CudaDriverVersion.parse(text) for branch, text in tables["branches"]}
    lives = {branch: (kind, end) for branch, kind, end, _ in tables["lifecycle"]}
    return tuple(
        Branch(number=number, cuda=cuda.get(number), kind=kind, end_of_life=end)
        for number in sorted({*cuda, *lives})
        for kind, end in [lives.get(number, (None, None))]
    )


def newest_branch() -> int:
    """The newest branch that a table names."""
    return branches()[-1].number


def end_of_life(branch: int) -> str | None:
    """The month in which NVIDIA's support of a branch ends (`2028-06`), or None where the list does not say."""
    return next((one.end_of_life for one in branches() if one.number == branch), None)


def last_driver_for(capability: ComputeCapability) -> int | None:
    """The last branch that supports a GPU of this capability; None while one that is still supported, or unknown."""
    row = _architecture(capability)
    return None if row is None or row["last_branch"] is None else int(row["last_branch"])


def last_release_for(capability: ComputeCapability) -> DriverVersion | None:
    """The last driver of that branch, where the branch has ended."""
    row = _architecture(capability)
    return _driver(row["last_driver"]) if row else None


def dropped(capability: ComputeCapability, version: DriverVersion) -> bool | None:
    """Whether this driver no longer supports the GPU; None where no table says (a newer branch than all known)."""
    row = _architecture(capability)
    if row is None:
        return None
    if row["last_branch"] is not None:
        return version.branch > int(row["last_branch"])
    return False if version.branch <= newest_branch() else None


def first_driver_for(capability: ComputeCapability) -> DriverVersion | None:
    """The driver of the first toolkit for this GPU: older branches do not know it. None where no table says.

    A lower bound, by branch: a GPU that came later in a generation needed a later driver.
    """
    row = _architecture(capability)
    return _driver(row["first_driver"]) if row else None


def knows(version: DriverVersion, capability: ComputeCapability) -> bool | None:
    """Whether a driver's branch is old and new enough for a GPU; None where no table says."""
    gone = dropped(capability, version)
    first = first_driver_for(capability)
    if gone or (first is not None and version.branch < first.branch):
        return False
    return True if first is not None and gone is False else None


def needs_open_module(capability: ComputeCapability, name: str | None = None) -> bool:
    """Whether the GPU works with the open kernel modules only: Blackwell and newer, and Grace Hopper by its name."""
    rule = table("drivers")["open_module"]
    first = ComputeCapability.parse(rule["required_from_cc"])
    if first is not None and capability >= first:
        return True
    return name is not None and any(one in name.upper() for one in rule["required_names"])


def open_module_possible(capability: ComputeCapability) -> bool:
    """Whether the open kernel modules can drive the GPU: Turing and newer."""
    first = ComputeCapability.parse(table("drivers")["open_module"]["possible_from_cc"])
    return first is not None and capability >= first


def module_source() -> Source:
    """Where NVIDIA says which kernel module a GPU needs."""
    return source("drivers", "open_module")


def architecture_source() -> Source:
    """Where NVIDIA says which driver is the last for a GPU."""
    return source("drivers", "driver_architectures")


def lifecycle_source() -> Source:
    """Where NVIDIA says when a branch ends."""
    return source("drivers", "driver_lifecycle")


def _driver(text: str | None) -> DriverVersion | None:
    if text is None:
        return None
    return DriverVersion.parse(text) or DriverVersion.parse(f"{text}.00")


def _native(cuda: CudaVersion) -> list[str] | None:
    rows: list[list[str]] = table("drivers")["native"]
    return next((row for row in rows if numbers(row[0]) == (cuda.major, cuda.minor)), None)


def _architecture(capability: ComputeCapability) -> dict[str, str | None] | None:
    rows: list[dict[str, str | None]] = table("drivers")["architectures"]
    exact = next((row for row in rows if row["cc"] == str(capability)), None)
    if exact is not None or capability.major in (1, 2):
        return exact
    # A capability between two of one generation (6.2, 7.2, 8.7, 8.8) is a Tegra part: its driver is not in this list.
    return None
