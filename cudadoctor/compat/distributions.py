"""What each release of a distribution has: its package manager, its ways to a driver, its images and repositories.

One file for each distribution in `distros/`, written by hand. A release may say `like`: whatever it does not give
itself is as in that release of another distribution. Nothing follows from ID_LIKE alone.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from cudadoctor.compat.source import Source
from cudadoctor.versions import DriverVersion

Manager = Literal["apt", "dnf", "yum", "zypper", "pacman", "rpm-ostree"]
ModuleKind = Literal["prebuilt", "signed", "dkms", "akmods", "kmp", "unchecked"]
"""How the kernel module comes, and what Secure Boot then asks for. prebuilt: the distribution has signed modules beside
DKMS. signed: the packages are signed with a key that the machine trusts. dkms, akmods: built and signed here, with a
key to enrol. kmp: a package whose key is enrolled at the next start. unchecked: this kernel loads unsigned modules."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}\Z")
_loaded: dict[str, dict[str, Any] | None] = {}


class Way(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to a driver. The planner takes the first of a release that does for the GPUs and the build."""

    by: Literal["apt", "ubuntu-drivers", "dnf", "yum", "zypper", "pacman", "hand"]
    repository: Literal["own", "nvidia", "rpmfusion", "nvidia-graphics"] = "own"
    version: str | None = None
    """It brings at least this driver; None: not known."""
    open: tuple[str, ...] = ()
    """Packages with the open kernel module; empty: this way has none."""
    proprietary: tuple[str, ...] = ()
    detects: bool = False
    """A tool that looks at the GPU and chooses itself."""
    command: str | None = None
    """The sub-command of that tool."""
    before: tuple[str, ...] = ()
    """Packages to install first: those that hold a branch."""
    stream_open: str | None = None
    stream_proprietary: str | None = None
    """Module streams of dnf."""
    lock: str | None = None
    """What dnf's versionlock is to hold."""
    lock_tool: str | None = None
    repository_package: str | None = None
    """The distribution's own package that adds the repository."""
    components: bool = False
    """It lies in a component of Debian's archive that is off by default."""
    module: ModuleKind
    open_module: str | None = None
    proprietary_module: str | None = None
    """The package with the distribution's signed module, by the kernel's flavour."""
    fabric: tuple[str, ...] = ()
    """The fabric manager of the same version; empty: this way has none."""
    nvlink5: tuple[str, ...] = ()
    """What the fabric manager needs besides on boards with NVSwitches of the fourth generation (B100 and newer)."""
    arch: tuple[str, ...] = ("x86_64", "aarch64")
    text: str | None = None
    """What to do by hand."""
    unverified: str | None = None
    """What of this row was not read at its source."""
    source: str

    @property
    def driver(self) -> DriverVersion | None:
        """`version`, read."""
        return DriverVersion.parse(self.version) if self.version is not None else None


class OwnToolkit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A distribution's own package of the toolkit, where NVIDIA has no repository for it."""

    packages: tuple[str, ...]
    root: str
    major: int
    """It is the newest of this CUDA major, and no other can be chosen."""


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release of a distribution."""

    id: str
    """`ID` of os-release."""
    name: str
    """`Ubuntu 24.04`."""
    base: str
    """The release whose packages it has, as the tables of toolkits and compilers name it: `ubuntu24.04`."""
    family: str
    manager: Manager
    initramfs: tuple[str, ...]
    """The command that writes the initramfs anew."""
    signing_key: str | None
    """The certificate that modules built here are signed with."""
    kernel: str | None = None
    """The release's own kernel series: `6.8`. A newer one is its hardware enablement kernel."""
    image: str | None = None
    """A container image of the release that can be pulled."""
    python: str = "python3"
    """A Python of that image that is new enough for torch."""
    nvidia_image: str | None = None
    """How NVIDIA's images of CUDA name it: `ubuntu24.04`."""
    repository: str | None = None
    """How NVIDIA's package repository names it: `ubuntu2404`; None: there is none."""
    machines: tuple[str, ...] = ()
    """The machines that this repository is for: `x86_64`, `sbsa`."""
    epel: str | None = None
    """The package that adds EPEL, from which dkms comes."""
    headers: tuple[str, ...] = ()
    """Packages with what a kernel module is built with; `{kernel}` is the running kernel."""
    headers_follow: bool = False
    """They follow the kernel's updates, so that they are installed beside the running kernel's too."""
    toolkit: OwnToolkit | None = None
    driver: tuple[Way, ...] = ()
    sources: dict[str, Source]

    def source_of(self, way: Way) -> Source | None:
        """Where the way was read."""
        return self.sources.get(way.source)


def release(os_id: str | None, version_id: str | None) -> Release | None:
    """The row of a release; None where no file names it. `22.2` is found as `22` where no row is nearer."""
    if os_id is None:
        return None
    row = _row(os_id, version_id or "")
    return None if row is None else msgspec.convert(row, Release)


def family(os_id: str | None, version_id: str | None) -> str | None:
    """The family of a distribution that has a file; None for others."""
    found = release(os_id, version_id)
    if found is not None:
        return found.family
    table = _table(os_id) if os_id is not None else None
    return str(table["family"]) if table is not None else None


def _row(os_id: str, version: str) -> dict[str, Any] | None:
    table = _table(os_id)
    if table is None:
        return None
    releases = table["releases"]
    key = next((one for one in (version, version.partition(".")[0], "*") if one in releases), None)
    if key is None:
        return None
    own = {name: value for name, value in releases[key].items() if name != "like"}
    like = releases[key].get("like")
    base = _row(*like.split(":", 1)) if like else {}
    head = {name: table[name] for name in ("id", "family", "manager", "initramfs", "signing_key")}
    head["base"] = base["base"] if base else f"{os_id}{version if key == '*' else key}"
    if base:
        head["manager"] = base["manager"]
    shown = table["name"] if table.get("rolling") else f"{table['name']} {version}".strip()
    sources = {name: {"title": row[0], "url": row[1], "read_on": row[2]} for name, row in table["sources"].items()}
    found = {**(base or {}), **head, **own, "name": shown}
    found["sources"] = {**(base or {}).get("sources", {}), **sources}
    for name in ("image", "repository"):
        if isinstance(found.get(name), str):
            found[name] = found[name].replace("{version}", version)
    return found


def _table(os_id: str) -> dict[str, Any] | None:
    if not _NAME.match(os_id):
        return None
    if os_id not in _loaded:
        import pkgutil

        try:
            data = pkgutil.get_data("cudadoctor.compat", f"distros/{os_id}.json")
        except FileNotFoundError:
            data = None
        _loaded[os_id] = None if data is None else msgspec.json.decode(data)
    return _loaded[os_id]
