"""The distribution's packages, and where they come from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.facts.seen import Seen


class SystemPackage(Struct, frozen=True, kw_only=True):
    """A package of dpkg, rpm or pacman that has to do with the GPU, its driver, CUDA, kernels or containers."""

    name: str
    version: str
    arch: str | None = None
    state: str = "installed"
    """installed, half-configured, unpacked, half-installed, triggers-awaited, triggers-pending."""
    held: bool = False


class AptSource(Struct, frozen=True, kw_only=True):
    """A repository of NVIDIA or Docker (or a PPA with drivers) that is switched on."""

    file: str
    line: int
    uri: str
    """Without user name and password."""
    suite: str
    signed_by: str | None = None
    arch: str | None = None
    trusted: bool = False


class AptKeyring(Struct, frozen=True, kw_only=True):
    """A keyring file that such a repository names, or that apt trusts for everything."""

    file: str
    fingerprints: tuple[str, ...]
    """Of the primary keys in it, 40 digits each."""


class AptPin(Struct, frozen=True, kw_only=True):
    """A pin on such packages."""

    file: str
    package: str
    pin: str
    priority: int | None


class PackageChange(Struct, frozen=True, kw_only=True):
    """A driver package in apt's history."""

    date: str
    """Local time: `2026-11-20 06:12:40`."""
    action: str
    """install, upgrade, downgrade, remove, purge, reinstall."""
    package: str
    before: str | None = None
    after: str | None = None
    unattended: bool = False


class DistroFacts(Struct, frozen=True, kw_only=True):
    """The distribution's packages, and where they come from."""

    manager: Literal["dpkg", "rpm", "pacman"] | None = None
    packages: tuple[SystemPackage, ...] | None = None
    """None where the manager could not be asked."""
    packages_seen: Seen | None = None
    sources: tuple[AptSource, ...] | None = None
    keyrings: tuple[AptKeyring, ...] = ()
    """Those that could be read."""
    pins: tuple[AptPin, ...] = ()
    unattended: bool | None = None
    """Upgrades run by themselves; None where nothing says."""
    blacklist: tuple[str, ...] = ()
    """What they leave alone, as patterns."""
    changes: tuple[PackageChange, ...] = ()
    """Of driver packages, this month's and the last month's log, oldest first."""
    sequoia_policy: bool | None = None
    """The administrator has a policy of their own for apt's signatures."""
    runfile: str | None = None
    """The uninstaller that NVIDIA's .run installer leaves."""
