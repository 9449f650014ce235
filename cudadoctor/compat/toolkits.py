"""Questions about toolkits: the GPUs and host compilers that nvcc knows, and the glibc that its headers break on."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from cudadoctor.compat._tables import Confidence, confidence, numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion, ToolkitVersion

_THOR = (ComputeCapability(10, 1), ComputeCapability(11, 0))
"""One GPU, two names: 10.1 before CUDA 13."""


class HostCompilerLimit(Struct, frozen=True, kw_only=True):
    """The newest host compilers that nvcc accepts, by major. The toolkit's own crt/host_config.h goes before this."""

    gcc: int
    clang: int | None
    source: Source


class GlibcTrap(Struct, frozen=True, kw_only=True):
    """A glibc that breaks the toolkit's headers."""

    glibc_from: tuple[int, ...]
    """(2, 41): this glibc and newer."""
    toolkit_to: ToolkitVersion
    """This toolkit and older."""
    symptom: str
    confidence: Confidence
    source: Source


class Runfile(Struct, frozen=True, kw_only=True):
    """NVIDIA's installer of one toolkit for x86_64 Linux."""

    toolkit: ToolkitVersion
    url: str
    driver: DriverVersion | None
    sha256: str | None


def capabilities(toolkit: CudaVersion) -> tuple[ComputeCapability, ...] | None:
    """What nvcc of this release compiles for, or None where no table says (a newer release; 12.7, which never was)."""
    wanted = (toolkit.major, toolkit.minor)
    if toolkit.release in table("toolkits")["never_released"]:
        return None
    for first, last, listed in table("toolkits")["capabilities"]:
        if numbers(first) <= wanted <= numbers(last):
            return tuple(one for text in listed if (one := ComputeCapability.parse(text)) is not None)
    return None


def supports(toolkit: CudaVersion, capability: ComputeCapability) -> bool | None:
    """Whether nvcc can compile for a GPU, or None where no table says.

    Code for a capability of the same major below the GPU's also runs on it; that is another question (`arch.runs`).
    """
    known = capabilities(toolkit)
    if known is None:
        return None
    if capability in _THOR:
        return any(one in known for one in _THOR)
    if capability > max(known_anywhere()):
        return None
    return capability in known


@cache
def known_anywhere() -> frozenset[ComputeCapability]:
    """Every capability that some known toolkit compiles for."""
    rows = table("toolkits")["capabilities"]
    return frozenset(one for _, _, listed in rows for text in listed if (one := ComputeCapability.parse(text)))


def first_toolkit_for(capability: ComputeCapability) -> ToolkitVersion | None:
    """The first toolkit that compiles for a GPU; None where none does, or where the first is older than the table."""
    rows = table("toolkits")["capabilities"]
    for number, row in enumerate(rows):
        start = ToolkitVersion.parse(row[0])
        if start is not None and supports(start, capability):
            return start if number else None
    return None


def last_toolkit_for(capability: ComputeCapability) -> ToolkitVersion | None:
    """The last toolkit that compiles for a GPU; None while the newest of the table does, or where none does."""
    found: ToolkitVersion | None = None
    rows = table("toolkits")["capabilities"]
    for _, last, _ in rows:
        end = ToolkitVersion.parse(last)
        if end is not None and supports(end, capability):
            found = end
    return None if found is not None and found == ToolkitVersion.parse(rows[-1][1]) else found


def host_compiler_limit(toolkit: CudaVersion) -> HostCompilerLimit | None:
    """The newest gcc and clang that this release accepts, or None where no table says.

    A release without its patch number is held to the first patch of that release (11.4 to 11.4.0, 10.1 to 10.1.105).
    """
    wanted = (toolkit.major, toolkit.minor, toolkit.patch)
    for first, last, gcc, clang in table("toolkits")["host_compilers"]:
        low, high = numbers(first), numbers(last)
        open_end = len(high) == 2
        start = low if len(low) == 3 and toolkit.patch else low[:2]
        end = (*high, 1 << 30) if open_end else high
        if (*start, 0)[:3] <= wanted <= end:
            return HostCompilerLimit(gcc=gcc, clang=clang, source=source("toolkits", "host_compilers"))
    return None


def glibc_traps(toolkit: CudaVersion, glibc: str) -> tuple[GlibcTrap, ...]:
    """What breaks when this toolkit compiles on a system with this glibc (`2.41`); empty where nothing is known."""
    release = (toolkit.major, toolkit.minor)
    found = []
    for first, last, symptom, sure in table("toolkits")["glibc"]:
        until = ToolkitVersion.parse(last)
        if until is None or numbers(glibc) < numbers(first) or release > (until.major, until.minor):
            continue
        found.append(
            GlibcTrap(
                glibc_from=numbers(first),
                toolkit_to=until,
                symptom=symptom,
                confidence=confidence(sure),
                source=source("toolkits", "glibc_traps"),
            )
        )
    return tuple(found)


def runfiles() -> tuple[Runfile, ...]:
    """All runfile installers, oldest first."""
    return tuple(
        Runfile(toolkit=toolkit, url=url, driver=DriverVersion.parse(driver) if driver else None, sha256=digest)
        for version, url, driver, digest in table("toolkits")["runfiles"]
        if (toolkit := ToolkitVersion.parse(version)) is not None
    )


def newest() -> ToolkitVersion:
    """The newest toolkit that a table names."""
    found = ToolkitVersion.parse(table("toolkits")["newest"])
    assert found is not None
    return found


def capability_source() -> Source:
    """Where the capabilities of each toolkit were read."""
    return source("toolkits", "toolkit_capabilities")
