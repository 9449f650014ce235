"""The builds that the tables know, newest release first, as candidates for a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cudadoctor.compat.source import Source
from cudadoctor.recommend.model import Platform
from cudadoctor.versions import RuntimeVersion

Channel = Literal["pip", "conda", "conda-forge"]


class Candidate(Struct, frozen=True, kw_only=True):
    """One build of one release."""

    torch: str
    order: tuple[int, ...]
    channel: Channel
    """`conda`: upstream's own channel `pytorch`."""
    platform: Platform
    tag: str
    """`cu126`, `cpu`."""
    cuda: RuntimeVersion | None
    local: str | None
    """`+cu101`; empty where pip's file carries no suffix."""
    default: bool
    """pip's default index gives it."""
    pythons: tuple[str, ...] | None
    """None: not known."""
    arch_list: tuple[str, ...] | None
    """None: not known."""
    by_analogy: bool
    """No table shows that it was published: inferred from its neighbours."""
    on_page: bool
    """Upstream's page of previous versions lists it; always True for pip and conda-forge."""
    glibc: tuple[int, int] | None
    source: Source
    arch_source: Source | None


_releases: dict[tuple[Channel, Platform, str], tuple[Candidate, ...]] = {}


def of_channels(
    channels: tuple[Channel, ...], platform: Platform, only: frozenset[str] | None = None
) -> Iterator[Candidate]:
    """Every candidate of these channels (of these releases), newest first; made as they are asked for, and kept."""
    from cudadoctor.compat import torch

    for release in reversed(torch.releases()):
        if only is not None and release.torch not in only:
            continue
        for channel in channels:
            yield from of_release(release.torch, channel, platform)


def of_release(version: str, channel: Channel, platform: Platform) -> tuple[Candidate, ...]:
    """The candidates of one release in one channel."""
    key = (channel, platform, version)
    if key not in _releases:
        makers = {"pip": _pip, "conda": _conda, "conda-forge": _forge}
        _releases[key] = tuple(makers[channel](version, platform))
    return _releases[key]


def _pip(version: str, platform: Platform) -> Iterator[Candidate]:
    from cudadoctor.compat import torch, torch_builds

    release = torch.release(version)
    assert release is not None
    page_pythons = release.published.pythons if release.published is not None else ()
    system, machine = _arch_words(platform)
    for one in torch_builds.builds(version, "pip", platform):
        built = torch_builds.built_arch(version, one.cuda, "pip", system, machine) if one.cuda is not None else None
        yield Candidate(
            torch=version,
            order=_order(version),
            channel="pip",
            platform=platform,
            tag=one.tag,
            cuda=one.cuda,
            local=one.local,
            default=one.default,
            pythons=one.pythons or page_pythons or None,
            arch_list=built.arch_list if built is not None else None,
            by_analogy=release.confidence != "high" and not one.default,
            on_page=True,
            glibc=torch.glibc_needed(version, machine, one.tag) if platform.startswith("linux") else None,
            source=one.source,
            arch_source=built.source if built is not None else None,
        )


def _conda(version: str, platform: Platform) -> Iterator[Candidate]:
    from cudadoctor.compat import torch, torch_builds

    release = torch.release(version)
    assert release is not None
    if not release.conda or platform == "linux-aarch64":
        return
    listed = {one.cuda for one in torch.listed_on_page(version, "conda")}
    system, machine = _arch_words(platform)
    built_for: list[RuntimeVersion | None] = [
        one.cuda for one in torch_builds.builds(version, "conda", platform) if one.cuda is not None
    ]
    if not built_for and version == "1.8.2" and release.published is not None and not platform.startswith("macos"):
        built_for = list(release.published.conda)
    for cuda in (None, *built_for):
        built = torch_builds.built_arch(version, cuda, "conda", "linux", "x86_64") if cuda is not None else None
        own = torch_builds.built_arch(version, cuda, "conda", system, machine) if cuda is not None else None
        yield Candidate(
            torch=version,
            order=_order(version),
            channel="conda",
            platform=platform,
            tag="cpu" if cuda is None else cuda.tag,
            cuda=cuda,
            local=None,
            default=False,
            pythons=_conda_pythons(version, platform),
            arch_list=built.arch_list if built is not None else None,
            by_analogy=cuda is not None and own is None,
            on_page=cuda is None or cuda.cuda in listed,
            glibc=None,
            source=torch.published_source(),
            arch_source=built.source if built is not None else None,
        )


def _forge(version: str, platform: Platform) -> Iterator[Candidate]:
    from cudadoctor.compat import conda, torch_builds

    forge = conda.forge()
    if version != forge.torch:
        return
    system, machine = _arch_words(platform)
    cudas = [one.cuda for one in torch_builds.builds(version, "conda-forge", platform)]
    for cuda in (None, *cudas):
        built = torch_builds.built_arch(version, cuda, "conda-forge", system, machine) if cuda is not None else None
        # conda-forge builds its CUDA 13 packages against glibc 2.28, the others against 2.17.
        needed = (2, 28) if cuda is not None and cuda.major >= 13 else (2, 17)
        yield Candidate(
            torch=version,
            order=_order(version),
            channel="conda-forge",
            platform=platform,
            tag="cpu" if cuda is None else cuda.tag,
            cuda=cuda,
            local=None,
            default=False,
            pythons=forge.pythons,
            arch_list=built.arch_list if built is not None else None,
            by_analogy=False,
            on_page=True,
            glibc=needed if platform.startswith("linux") else None,
            source=forge.source,
            arch_source=built.source if built is not None else None,
        )


def _conda_pythons(version: str, platform: Platform) -> tuple[str, ...] | None:
    """Conda packages were made for the Pythons of the wheels, except for those that were new at the time."""
    from cudadoctor.compat import torch, torch_builds

    wheels = torch_builds.builds(version, "pip", platform)
    known = next((one.pythons for one in wheels if one.pythons), None) or torch.pythons(version, platform)
    release = torch.release(version)
    if release is not None and release.published is not None and release.published.pythons:
        known = release.published.pythons
    if not known:
        return None
    order = _order(version)
    late = {"3.13"} | ({"3.11"} if order < (2, 0) else set())
    return tuple(one for one in known if one not in late and not one.endswith("t")) or None


def _arch_words(platform: Platform) -> tuple[str, str]:
    """The words of the table of architectures: (`windows`, `x86_64`)."""
    system, _, machine = platform.partition("-")
    return ("windows" if system == "win" else system), ("x86_64" if machine == "amd64" else machine)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
