"""The builds of a release of torch: the CUDA versions of each manager and platform, and the GPUs with code in each."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from cudadoctor.compat._tables import Confidence, confidence, numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.compat.torch import base_version, pypi_default, pythons, release
from cudadoctor.versions import CudaVersion, RuntimeVersion

Manager = Literal["pip", "conda", "conda-forge"]

_rows: dict[tuple[str, str], list[list[Any]]] = {}
_CONDA_LAST = (2, 5, 1)
_SUFFIX_FROM = (1, 8, 1)


class Build(Struct, frozen=True, kw_only=True):
    """One build of torch."""

    torch: str
    manager: Manager
    platform: str
    """`linux-x86_64`, `win-amd64` …"""
    tag: str
    """`cu101`, or `cpu`."""
    cuda: RuntimeVersion | None
    """None: CPU."""
    local: str | None
    """`+cu101`; empty where the file carries no suffix; None for conda."""
    default: bool
    """It is what pip gives without an index of upstream's own."""
    pythons: tuple[str, ...] | None
    """None where that is not known."""
    confidence: Confidence
    note: str | None
    source: Source


class BuildArch(Struct, frozen=True, kw_only=True):
    """What a build was compiled for."""

    arch_list: tuple[str, ...]
    """`sm_75`, …, `compute_120` for PTX."""
    listed: bool
    """False: the build script has it, and nothing shows that it was published."""
    confidence: Confidence
    note: str | None
    source: Source


def builds(version: str, manager: Manager = "pip", platform: str = "linux-x86_64") -> tuple[Build, ...]:
    """The builds of a release that the tables know, CPU first; empty where they know none."""
    found = release(version)
    if found is None:
        return ()
    if manager != "pip":
        return _conda_builds(found.torch, manager, platform)
    old = table("torch_old")["wheels"].get(found.torch, {})
    if numbers(found.torch) < _SUFFIX_FROM:
        return tuple(_old(found.torch, platform, tag, entry) for tag, entry in _in_order(old.get(platform, {})))
    if platform.startswith("macos"):
        return (_pip(found.torch, platform, "cpu"),) if pythons(found.torch, platform) else ()
    if platform == "linux-aarch64":
        return _aarch64_builds(found.torch)
    tags = list(found.local or ("cpu", *(one.tag for one in found.cuda)))
    if platform == "win-amd64":
        tags = [tag for tag in tags if not _gone_on_windows(found.torch, tag)]
    return tuple(_pip(found.torch, platform, tag) for tag in tags)


def build(version: str, tag: str, manager: Manager = "pip", platform: str = "linux-x86_64") -> Build | None:
    """The build `cu101` (or `cpu`) of a release, or None where the tables do not have it."""
    return next((one for one in builds(version, manager, platform) if one.tag == tag), None)


def suffix_exists(version: str, tag: str, platform: str = "linux-x86_64") -> bool | None:
    """Whether `torch==<version>+<tag>` exists: not `1.4.0+cu101`, the default build of its time. None: not known."""
    if release(version) is None:
        return None
    found = build(version, tag, "pip", platform)
    return found is not None and bool(found.local)


def built_arch(
    version: str, cuda: CudaVersion, manager: Manager = "pip", os: str = "linux", machine: str = "x86_64"
) -> BuildArch | None:
    """What a build was compiled for, with how sure that is; None where no table says.

    A row for the exact release goes before the one for all of its patches (`2.14.1` before `2.14`).
    """
    plain = base_version(version)
    best = None
    for row in _arch_rows(plain, manager):
        if row[1] == cuda.release and row[3] == f"{os}-{machine}":
            if row[0] == plain:
                return _arch(row)
            best = row
    return None if best is None else _arch(best)


def built_arch_list(
    version: str, cuda: CudaVersion, manager: Manager = "pip", os: str = "linux", machine: str = "x86_64"
) -> tuple[str, ...] | None:
    """The list alone."""
    found = built_arch(version, cuda, manager, os, machine)
    return None if found is None else found.arch_list


def _arch_rows(version: str, manager: str) -> list[list[Any]]:
    """The rows for a release and those for all of its patches."""
    if not _rows:
        for row in table("arch")["rows"]:
            _rows.setdefault((row[0], row[2]), []).append(row)
    minor = ".".join(version.split(".")[:2])
    own = _rows.get((version, manager), [])
    return own if minor == version else own + _rows.get((minor, manager), [])


def _arch(row: list[Any]) -> BuildArch:
    tables = table("arch")
    note = tables["notes"][row[6]]
    return BuildArch(
        arch_list=tuple(tables["lists"][row[4]].split()),
        listed=bool(row[7]),
        confidence=confidence(str(row[5])),
        note=note or None,
        source=source("arch", "torch_arch"),
    )


def _in_order(found: dict[str, list[object]]) -> list[tuple[str, list[object]]]:
    return sorted(found.items(), key=lambda item: (item[0] != "cpu", len(item[0]), item[0]))


def _cuda(tag: str) -> RuntimeVersion | None:
    return RuntimeVersion.parse(f"{tag[2:-1]}.{tag[-1]}") if tag.startswith("cu") else None


def _old(version: str, platform: str, tag: str, entry: list[object]) -> Build:
    found, local = entry
    return Build(
        torch=version,
        manager="pip",
        platform=platform,
        tag=tag,
        cuda=_cuda(tag),
        local=str(local),
        default=not local and pypi_default(version, platform) == tag,
        pythons=tuple(str(one) for one in found) if isinstance(found, list) else None,
        confidence="high",
        note=None,
        source=source("torch_old", "torch_old_files"),
    )


def _pip(version: str, platform: str, tag: str) -> Build:
    found = release(version)
    lts = found is not None and found.local is None
    default = pypi_default(version, platform) == tag
    # The files of the default index were read. Upstream's index was not, and its list is that of Linux on x86_64.
    known: Confidence = "medium" if platform == "win-amd64" and not default else "high"
    if found is not None and found.confidence != "high" and not default:
        known = found.confidence
    return Build(
        torch=version,
        manager="pip",
        platform=platform,
        tag=tag,
        cuda=_cuda(tag),
        local="" if lts or platform.startswith("macos") else f"+{tag}",
        default=default,
        pythons=pythons(version, platform),
        confidence=known,
        note=None,
        source=source("torch", "torch_local"),
    )


def _aarch64_builds(version: str) -> tuple[Build, ...]:
    """CPU where the default index has files; CUDA where a build script, the default or the selector shows it."""
    tags = {"cpu"} if pythons(version, "linux-aarch64") else set()
    for row in table("arch")["rows"]:
        if row[2:4] == ["pip", "linux-aarch64"] and row[0] in (version, ".".join(version.split(".")[:2])):
            tags.add(CudaVersion(*numbers(row[1])[:2]).tag)
    default = pypi_default(version, "linux-aarch64")
    if default is not None:
        tags.add(default)
    tags.update(table("torch")["aarch64_index"].get(version, ()))
    ordered = sorted(tags, key=lambda tag: (tag != "cpu", len(tag), tag))
    return tuple(_pip(version, "linux-aarch64", tag) for tag in ordered)


def _gone_on_windows(version: str, tag: str) -> bool:
    return any(
        _cuda(tag) == RuntimeVersion.parse(row["cuda"])
        and numbers(row["from"]) <= numbers(version) <= numbers(row["to"])
        for row in table("torch")["published_windows"]
    )


def _conda_builds(version: str, manager: Manager, platform: str) -> tuple[Build, ...]:
    found = release(version)
    if found is None or platform.startswith("macos") or (manager == "conda" and numbers(version) > _CONDA_LAST):
        return ()
    os, _, machine = platform.partition("-")
    os = "windows" if os == "win" else os
    rows = _arch_rows(version, manager)
    here = [row for row in rows if row[3] == f"{os}-{'x86_64' if machine == 'amd64' else machine}"]
    derived = not here and manager == "conda" and platform == "win-amd64"
    cudas = sorted({numbers(row[1])[:2] for row in (rows if derived else here)})
    built = [RuntimeVersion(major, minor) for major, minor in cudas]
    return tuple(
        Build(
            torch=version,
            manager=manager,
            platform=platform,
            tag=one.tag,
            cuda=one,
            local=None,
            default=False,
            pythons=None,
            confidence="low" if derived else "medium",
            note="from the Linux builds of the same release" if derived else None,
            source=source("arch", "torch_arch"),
        )
        for one in built
        if not (platform == "win-amd64" and _gone_on_windows(version, one.tag))
    )
