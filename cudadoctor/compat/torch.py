"""Releases of torch: companions, Pythons, glibc, the default build, and what upstream's page of old versions prints."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.compat._tables import Confidence, confidence, numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.versions import RuntimeVersion

_TORCHAUDIO_LAST = "2.11.0"
"""The last torchaudio that was made with a torch."""
_TORCHAUDIO_STABLE = "2.11.1"
"""Built on torch's stable interface: its files require torch 2.11 or newer, and are for every Python from 3.10 on."""
_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17), "manylinux_2_28": (2, 28)}
_MANYLINUX_228_BUILDS = {("2.6.0", "cu126")}
"""Builds that were made for glibc 2.28 one release before the default build was (release notes of 2.6)."""


class Published(Struct, frozen=True, kw_only=True):
    """What the page of previous versions lists for a release."""

    conda: tuple[RuntimeVersion, ...]
    pip: tuple[RuntimeVersion, ...]
    overrides: tuple[tuple[str, str], ...]
    """Where the page names other companions than the files have: `torchvision`, `conda_torchvision` …"""
    wrong: str | None
    """What is wrong about the page's lines."""
    note: str | None
    pythons: tuple[str, ...]
    """The Pythons that the page names; empty where it names none."""


class Release(Struct, frozen=True, kw_only=True):
    """One release of torch."""

    torch: str
    date: str | None
    """ISO date, or year and month."""
    torchvision: str | None
    torchaudio: str | None
    torchcodec: str | None
    cuda: tuple[RuntimeVersion, ...]
    """The CUDA versions that it was built for, oldest first."""
    default: str | None
    """The build that plain `pip install` gives on x86_64 Linux: `cu130`."""
    conda: bool
    """It is on the conda channel `pytorch` (the LTS: `pytorch-lts`)."""
    pythons: tuple[tuple[str, tuple[str, ...]], ...]
    """Platform and the Pythons of its files on the default index: (`linux-x86_64`, (`3.8`, …, `3.13t`))."""
    local: tuple[str, ...] | None
    """Local versions on download.pytorch.org (`cpu`, `cu118`); None before 1.8.1: see `torch_builds.builds`."""
    published: Published | None
    note: str | None
    confidence: Confidence
    source: Source


class Companions(Struct, frozen=True, kw_only=True):
    """The packages that belong to a release of torch."""

    torchvision: str | None
    torchaudio: str | None
    """None where no torchaudio was made for it."""
    torchaudio_that_works: str | None
    """For torch 2.12 and newer: the last torchaudio, which is on the default index only."""
    source: Source
    torchaudio_source: Source


_releases: dict[str, Release] = {}


def base_version(text: str) -> str:
    """`2.13.0+cu130` as `2.13.0`."""
    return text.strip().split("+", 1)[0]


def releases() -> tuple[Release, ...]:
    """All releases, oldest first."""
    if not _releases:
        _releases.update((row["torch"], _release(row)) for row in table("torch")["releases"])
    return tuple(_releases.values())


def release(version: str) -> Release | None:
    """One release (`1.7.1`, `1.7.1+cu101`), or None where the table does not have it."""
    releases()
    return _releases.get(base_version(version))


def resolve(text: str) -> Release | None:
    """The release that a request names: `1.7.1`; `1.7` the last of its patches; `latest` the newest."""
    if text.strip().lower() == "latest":
        return newest()
    exact = release(text)
    if exact is not None:
        return exact
    wanted = numbers(base_version(text))
    found = [one for one in releases() if wanted and numbers(one.torch)[: len(wanted)] == wanted]
    return found[-1] if found else None


def nearest(text: str, count: int = 3) -> tuple[str, ...]:
    """The known releases around a version that the table does not have, oldest first."""
    wanted = numbers(base_version(text))
    known = [one.torch for one in releases()]
    below = [one for one in known if numbers(one) <= wanted]
    above = known[len(below) :]
    return tuple((below[-(count - min(1, len(above))) :] + above)[:count])


def newest() -> Release:
    """The newest release of the table."""
    return releases()[-1]


def companions(version: str) -> Companions | None:
    """The torchvision and torchaudio of a release, or None where the table does not have it."""
    found = release(version)
    if found is None:
        return None
    late = numbers(found.torch) > numbers(_TORCHAUDIO_LAST)
    return Companions(
        torchvision=found.torchvision,
        torchaudio=found.torchaudio,
        torchaudio_that_works=_TORCHAUDIO_STABLE if late else found.torchaudio,
        source=found.source,
        torchaudio_source=source("torch", "torch_files") if late else found.source,
    )


def torch_of_torchvision(version: str) -> tuple[str, ...]:
    """The torch releases to which a torchvision belongs (0.2.1 has several), oldest first."""
    return tuple(one.torch for one in releases() if one.torchvision == base_version(version))


def pythons(version: str, platform: str = "linux-x86_64") -> tuple[str, ...] | None:
    """The Pythons for which a release has files (`3.13t`: free-threaded), or None where that is not known."""
    found = release(version)
    if found is None or not found.pythons:
        return None
    return dict(found.pythons).get(platform, ())


def companion_pythons(package: str, version: str, platform: str = "linux-x86_64") -> tuple[str, ...] | None:
    """The same for torchvision and torchaudio; `3` stands for files that every Python 3 takes."""
    versions = table("torch")["companion_pythons"].get(package, {})
    if version not in versions:
        return None
    return tuple(versions[version].get(platform, ()))


def python_supported(version: str, python: str, platform: str = "linux-x86_64") -> bool | None:
    """Whether a release has a file for this Python (`3.7`, `3.7.16`, `3.13t`); None where that is not known."""
    known = pythons(version, platform)
    if known is None:
        return None
    threads = "t" if python.endswith("t") else ""
    return ".".join(python.removesuffix("t").split(".")[:2]) + threads in known


def glibc_needed(version: str, machine: str = "x86_64", build: str | None = None) -> tuple[int, int] | None:
    """The oldest glibc for which pip takes the files of a release, or None where that is not known.

    By the tag of the file, so what the libraries inside really need can be newer: the files up to 2.6 say manylinux1.
    """
    found = release(version)
    if found is None:
        return None
    if (found.torch, build) in _MANYLINUX_228_BUILDS:
        return _MANYLINUX["manylinux_2_28"]
    row = next(row for row in table("torch")["releases"] if row["torch"] == found.torch)
    tag = row.get("glibc", {}).get(machine)
    return None if tag is None else _MANYLINUX[tag]


def pypi_default(version: str, platform: str = "linux-x86_64") -> str | None:
    """What plain `pip install torch==…` gives: `cu130`, `cpu`, or None where that is not known."""
    found = release(version)
    if found is None:
        return None
    if platform == "linux-x86_64":
        return found.default
    if platform == "linux-aarch64" and numbers(found.torch) >= numbers(table("torch")["aarch64_default_cuda_from"]):
        return found.default
    return "cpu" if pythons(found.torch, platform) else None


def numpy2_ready(version: str, *, windows: bool = False) -> bool | None:
    """Whether a release works with numpy 2: from 2.3.0 on, on Windows from 2.4.1; None for one that is not known."""
    found = release(version)
    return None if found is None else numbers(found.torch) >= ((2, 4, 1) if windows else (2, 3, 0))


def on_page(version: str) -> bool:
    """Whether the page of previous versions has lines for a release (from 1.0.0 on; it leaves out some)."""
    found = release(version)
    if found is None or numbers(found.torch) < (1, 0, 0):
        return False
    return found.torch not in table("torch")["published_left_out"]


def listed_on_page(version: str, manager: Literal["conda", "pip"]) -> tuple[RuntimeVersion, ...]:
    """The CUDA versions that the page lists for a release, oldest first."""
    found = release(version)
    if found is None or not on_page(version) or (manager == "conda" and not found.conda):
        return ()
    if found.published is not None and (found.published.conda or found.published.pip):
        return found.published.conda if manager == "conda" else found.published.pip
    return found.cuda


def release_source() -> Source:
    """Where the releases were read."""
    return source("torch", "torch_releases")


def published_source() -> Source:
    """The page of previous versions."""
    return source("torch", "torch_published")


def _release(row: dict[str, object]) -> Release:
    listed = row.get("published")
    local = row.get("local")
    found = row.get("pythons")
    return Release(
        torch=str(row["torch"]),
        date=_text(row, "date"),
        torchvision=_text(row, "torchvision"),
        torchaudio=_text(row, "torchaudio"),
        torchcodec=_text(row, "torchcodec"),
        cuda=_versions(row.get("cuda")),
        default=_text(row, "default"),
        conda=bool(row["conda"]),
        pythons=tuple((name, tuple(many)) for name, many in found.items()) if isinstance(found, dict) else (),
        local=tuple(local) if isinstance(local, list) and numbers(str(row["torch"])) > (1, 8, 0) else None,
        published=_published(listed) if isinstance(listed, dict) else None,
        note=_text(row, "note"),
        confidence=confidence(_text(row, "confidence")),
        source=release_source(),
    )


def _published(row: dict[str, object]) -> Published:
    plain = ("conda", "pip", "wrong", "note", "pythons")
    pythons = row.get("pythons")
    return Published(
        conda=_versions(row.get("conda")),
        pip=_versions(row.get("pip")),
        overrides=tuple((name, str(value)) for name, value in row.items() if name not in plain),
        wrong=_text(row, "wrong"),
        note=_text(row, "note"),
        pythons=tuple(pythons) if isinstance(pythons, list) else (),
    )


def _text(row: dict[str, object], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _versions(value: object) -> tuple[RuntimeVersion, ...]:
    texts = value if isinstance(value, list) else []
    return tuple(one for text in texts if (one := RuntimeVersion.parse(str(text))) is not None)
