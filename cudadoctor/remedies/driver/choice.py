"""Chooses the way to a driver: the distribution's own, else NVIDIA's repository; or says why there is none."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cudadoctor.compat import distributions, drivers
from cudadoctor.compat.distributions import Release, Way
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver.need import Module, Need
from cudadoctor.versions import DriverVersion


class Choice(Struct, frozen=True, kw_only=True):
    """A way that does, and the kernel module to take of it."""

    release: Release
    way: Way
    module: Module


def release_of(facts: Facts) -> Release | None:
    """The row of this machine's release; None where no file has it."""
    return distributions.release(facts.os.id, facts.os.version_id) if facts.os is not None else None


def choose(facts: Facts, need: Need) -> Choice | None:
    """The first way of this release that does; None: there is none."""
    release = release_of(facts)
    for way in release.driver if release is not None else ():
        module = _fits(way, need, _arch(facts))
        if release is not None and module is not None:
            return Choice(release=release, way=way, module=module)
    return None


def newest(facts: Facts, need: Need) -> tuple[DriverVersion, ...]:
    """The drivers that this release has for the GPUs, its own first; without those of unknown version."""
    release = release_of(facts)
    ways = release.driver if release is not None else ()
    free = Need(gpus=need.gpus, fabric=need.fabric, nvlink5=need.nvlink5)
    found = [way.driver for way in ways if _fits(way, free, _arch(facts)) is not None]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def why_none(facts: Facts, need: Need) -> str | None:
    """Why no way of a release that is known does; None where the release or a GPU is in no table."""
    release = release_of(facts)
    if release is None or (need.unknown and release.driver):
        return None
    here = tuple(way for way in release.driver if _arch(facts) in way.arch)
    if not here:
        return f"there are no driver packages for {release.name}" + (f" on {_arch(facts)}" if release.driver else "")
    fallback = f"no driver package of {release.name} fits this machine"
    return next(_reasons(release, here, need), fallback)


def _reasons(release: Release, here: tuple[Way, ...], need: Need) -> Iterator[str]:
    offered = max((one for way in here if (one := way.driver) is not None), default=None)
    last = need.last_branch
    old = next(
        (gpu for gpu, one in need.capabilities if last is not None and drivers.last_driver_for(one) == last), None
    )
    runtime = f"CUDA {need.cuda.release} needs driver {need.floor} or newer" if need.cuda is not None else ""
    shown = f"{release.name} offers driver {offered} at most"
    for gpu, capability in need.capabilities:
        first = drivers.first_driver_for(capability)
        if first is not None and offered is not None and first.branch > offered.branch:
            yield f"{shown}, and {gpu} needs branch {first.branch} or newer"
    if need.fabric and not any(way.fabric for way in here):
        yield f"{release.name} has no package of the fabric manager, without which CUDA does not start on this board"
    if old is not None and need.floor is not None and last is not None and need.floor.branch > last:
        yield f"{runtime}, and branch {last} is the last for {old}"
    if need.floor is not None and offered is not None and offered < need.floor:
        yield f"{shown}, and {runtime}"
    if need.newer_than is not None and offered is not None and offered <= need.newer_than:
        yield f"{shown}, and {need.newer_than} is installed"
    if need.open_only is not None and not any(way.open or way.detects for way in here):
        yield f"{release.name} has no open kernel module, and {need.open_only} works with no other"
    proprietary = need.proprietary_only
    if proprietary is not None and not any(way.proprietary or way.detects for way in here):
        yield f"{release.name} has no proprietary kernel module, and {proprietary} works with no other"
    if old is not None and not any(_knows(way, need) for way in here):
        yield f"{release.name} has no packages of branch {last}, the last for {old}"


def _arch(facts: Facts) -> str:
    return (facts.os.arch if facts.os is not None else None) or "x86_64"


def _fits(way: Way, need: Need, arch: str) -> Module | None:
    """The module to take of this way; None: it does not do."""
    version = way.driver
    if arch not in way.arch or (need.unknown and not way.detects):
        return None
    if not _knows(way, need):
        return None
    if version is not None and need.floor is not None and version < need.floor:
        return None
    if version is not None and need.newer_than is not None and version <= need.newer_than:
        return None
    if (need.fabric and not way.fabric) or (need.nvlink5 and not way.nvlink5):
        return None
    if need.proprietary_only is None and (way.open or way.detects):
        return "open"
    if need.open_only is None and (way.proprietary or way.detects):
        return "proprietary"
    return None


def _knows(way: Way, need: Need) -> bool:
    version = way.driver
    return version is None or not any(drivers.knows(version, one) is False for _, one in need.capabilities)
