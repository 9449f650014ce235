"""The fabric manager of the driver that is installed: which packages bring it, in the driver's own version."""

from __future__ import annotations

import re

from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver import need as needs
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.versions import DriverVersion

_SERVER = re.compile(r"nvidia-driver-(\d+)-server(?:-open)?\Z")
_RPM_NAME_SINCE = 580
"""From this branch on NVIDIA's rpm repositories have `nvidia-fabricmanager`; before, `nvidia-fabric-manager`."""


def packages(facts: Facts) -> tuple[str, ...]:
    """The packages that bring it; none where the driver's packages do not tell which."""
    version = facts.driver.version if facts.driver is not None else None
    release = release_of(facts)
    if release is None or version is None:
        return ()
    names = [one.name for one in (facts.distro.packages if facts.distro is not None else None) or ()]
    if release.manager == "apt":
        return _apt(names, facts)
    if release.manager in ("dnf", "yum") and "nvidia-driver" in names:
        return (_rpm(version), *_beside(facts))
    return ()


def _apt(names: list[str], facts: Facts) -> tuple[str, ...]:
    """Ubuntu releases its `-server` drivers together with their fabric manager. It has no subnet manager."""
    server = next((found for name in names if (found := _SERVER.match(name))), None)
    if server is None or needs.of(facts).nvlink5:
        return ()
    return (f"nvidia-fabricmanager-{server[1]}",)


def _rpm(version: DriverVersion) -> str:
    name = "nvidia-fabricmanager" if version.branch >= _RPM_NAME_SINCE else "nvidia-fabric-manager"
    return f"{name}-{version}"


def _beside(facts: Facts) -> tuple[str, ...]:
    release = release_of(facts)
    ways = release.driver if release is not None and needs.of(facts).nvlink5 else ()
    return next((way.nvlink5 for way in ways if way.nvlink5), ())
