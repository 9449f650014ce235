"""Lists of installed packages: `dpkg-query`, `dpkg -l`, `dpkg --get-selections`, `rpm -qa`, pacman's folder."""

from __future__ import annotations

import re

from cudadoctor.facts.distro import SystemPackage
from cudadoctor.parsers.text import lines

NAMES = (
    *(
        "nvidia-*",
        "libnvidia-*",
        "xserver-xorg-video-nvidia*",
        "cuda",
        "cuda-*",
        "libcuda1*",
        "nvidia",
        "*nvidia-driver*",
    ),
    *(
        "linux-modules-nvidia-*",
        "linux-image-*",
        "linux-headers-*",
        "akmod-nvidia*",
        "kmod-nvidia*",
        "xorg-x11-drv-nvidia*",
    ),
    *("docker.io", "docker-ce", "docker-desktop", "moby-engine", "podman", "podman-docker", "containerd*"),
    *(
        "apptainer",
        "singularity*",
        "datacenter-gpu-manager*",
        "apt",
        "sqv",
        "unattended-upgrades",
        "kernel",
        "kernel-devel*",
    ),
)
"""Patterns of the packages that matter here, as dpkg-query and rpm take them."""
DPKG_FORMAT = "${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Abbrev}\\n"
RPM_FORMAT = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"

_STATES = {
    "i": "installed",
    "F": "half-configured",
    "U": "unpacked",
    "H": "half-installed",
    "W": "triggers-awaited",
    "t": "triggers-pending",
    "T": "triggers-pending",
}
"""Second letter of dpkg's abbreviation; `n` (not installed) and `c` (only its configuration is left) are left out."""
_ROW = re.compile(r"([uihrp])([ncHUFWti])(R?)\s+(\S{1,200})\s+(\S{1,100})(?:\s+(\S{1,20}))?")
_RPM = re.compile(r"([A-Za-z0-9][\w.+-]{0,150}?)-([^-\s]{1,60}-[^-\s]{1,60})\.(x86_64|aarch64|noarch|ppc64le|i686)\Z")
_PACMAN = re.compile(r"(?:.*/)?([a-z0-9@_+.-]{1,100}?)-((?:\d+:)?[^-/]{1,60}-[\d.]{1,8})\Z")
_MOST = 2000


def dpkg_query(text: str | bytes) -> tuple[SystemPackage, ...]:
    """What `dpkg-query -W -f DPKG_FORMAT` prints."""
    found: list[SystemPackage] = []
    for line in lines(text)[:_MOST]:
        parts = line.split("\t")
        if len(parts) == 4 and len(parts[3]) >= 2 and parts[0] and parts[1] and (state := _STATES.get(parts[3][1])):
            held = parts[3][0] == "h"
            found.append(SystemPackage(name=parts[0], version=parts[1], arch=parts[2] or None, state=state, held=held))
    return tuple(found)


def dpkg_list(text: str | bytes) -> tuple[SystemPackage, ...]:
    """The rows of `dpkg -l` in any text: `ii  libnvidia-compute-510:amd64  510.108.03-0ubuntu1  amd64  …`."""
    found: list[SystemPackage] = []
    for line in lines(text):
        match = _ROW.match(line.strip())
        if match is None or len(found) >= _MOST:
            continue
        want, status, _, name, version, arch = match.groups()
        state = _STATES.get(status)
        if state is not None and any(letter.isdigit() for letter in version):
            plain, _, own = name.partition(":")
            found.append(
                SystemPackage(name=plain, version=version, arch=arch or own or None, state=state, held=want == "h")
            )
    return tuple(found)


def rpm_query(text: str | bytes) -> tuple[SystemPackage, ...]:
    """What `rpm -qa --qf RPM_FORMAT` prints, and plain `rpm -qa` lines: `nvidia-driver-580.95.05-1.el9.x86_64`."""
    found: list[SystemPackage] = []
    for line in lines(text):
        parts = line.strip().split("\t")
        if len(parts) == 3 and parts[0]:
            found.append(SystemPackage(name=parts[0], version=parts[1], arch=parts[2] or None))
        elif len(parts) == 1 and (match := _RPM.match(parts[0][:300])):
            found.append(SystemPackage(name=match.group(1), version=match.group(2), arch=match.group(3)))
    return tuple(found[:_MOST])


def pacman_folders(paths: tuple[str, ...]) -> tuple[SystemPackage, ...]:
    """Folders of pacman's database: `/var/lib/pacman/local/nvidia-utils-580.95.05-1`."""
    matches = (_PACMAN.match(path.rstrip("/")) for path in paths[:_MOST])
    return tuple(SystemPackage(name=match.group(1), version=match.group(2)) for match in matches if match)
