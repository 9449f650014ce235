"""Asks for the NVIDIA kernel driver, and for its user-space libraries on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Identity, Refusal
from cudadoctor.parsers import ldconfig
from cudadoctor.probes import smi, system
from cudadoctor.probes.ask import first_line, found, present, read_text
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.linker_cache import linker_cache
from cudadoctor.versions import DriverVersion

_OTHERS = ("nouveau", "nova_core", "vfio_pci")
_LIBRARIES = ("libnvidia-ml.so.1", "libcuda.so.1")
"""In the order of trust: cuda-compat packages bring a libcuda of another version, and no NVML."""
_LIBRARY_DIRS = (
    "/usr/lib/{machine}-linux-gnu",
    "/usr/lib/{machine}-linux-gnu/nvidia/current",
    "/usr/lib64",
    "/usr/lib64/nvidia",
    "/usr/lib",
    "/usr/lib/nvidia",
    "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib",
    "/opt/nvidia/lib64",
    "/run/opengl-driver/lib",
    "/usr/lib/wsl/lib",
)
_NOT_THE_DRIVERS = re.compile(r"(?:^|/)(?:stubs|compat|compat_\w+|cuda[-_]compat[^/]*)(?:/|$)")
_MODULE_PLACES = ("updates", "extra", "extramodules", "weak-updates", "misc", "kernel/nvidia*", "kernel/drivers/video")
"""Under /lib/modules/<kernel>: DKMS and RPM packages, Arch, kmod weak links, NixOS, Ubuntu's prebuilt, .run files."""
_MODULE = re.compile(r"nvidia(?:[-_](?:open|current|server|legacy|tesla|\d[0-9a-z]*))*\.ko(?:\.(?:xz|zst|gz))?\Z")
"""nvidia.ko, also as Debian (nvidia-current.ko, nvidia-tesla-470.ko) and old Ubuntus (nvidia_390.ko) name it; not its
companions nvidia-uvm, nvidia-drm and others, and not the frame buffer's nvidiafb."""
_SOURCES = ("/usr/src/nvidia*-[0-9]*", "/var/lib/dkms/nvidia*")
_VERSION_FILE = "/sys/module/nvidia/version"
_PROC = "/proc/driver/nvidia/version"


def probe(host: Host, request: Request, clock: Clock) -> Found[DriverFacts]:  # noqa: ARG001
    """The module in the kernel and on disk, and the libraries' version; `cuda_version` comes when all is merged."""
    identity = system.who(host)
    modules = _modules(host)
    running, module, seen = _running(host)
    wsl = system.wsl(host, identity)
    # Under WSL the driver is Windows', and no module of the Linux kernel belongs to it.
    files = None if wsl else _module_files(host, identity)
    library = _library(host, identity, clock)
    tool = _tool(host)
    sources = [path for pattern in _SOURCES for path in found(host, pattern, limit=16) or ()]
    jetson = system.jetson(host, identity)
    loaded = _loaded(host, modules, running, wsl=wsl, jetson=jetson)
    facts = DriverFacts(
        loaded=loaded,
        version=running,
        module=module,
        library_version=library.version if library else None,
        library_seen=Seen(where=library.path, text=library.real) if library else None,
        uvm_loaded=None if modules is None or wsl or jetson else "nvidia_uvm" in modules,
        other_modules=tuple(name for name in _OTHERS if modules and name in modules),
        module_files=files,
        installed=bool(library or files or tool or sources),
        seen=seen,
    )
    return Found(value=facts, gaps=tuple(_gaps(facts, wsl)))


def _tool(host: Host) -> str | None:
    try:
        return smi.find(host)
    except Refusal:
        return None


def _gaps(facts: DriverFacts, wsl: int | None) -> Iterator[Gap]:
    if facts.loaded is None:
        yield Gap(fact="driver.loaded", reason="neither /sys/module nor /proc/modules lists the kernel's modules")
    if facts.loaded is False and facts.installed and facts.module_files is None and not wsl:
        yield Gap(fact="driver.module_files", reason="/lib/modules has no folder of the running kernel")


def _modules(host: Host) -> frozenset[str] | None:
    """Names of the loaded modules that could matter here; None where the kernel's modules cannot be seen."""
    listed = found(host, "/sys/module/[nv]*", limit=500)
    text = read_text(host, "/proc/modules", limit=1 << 20)
    if listed:
        return frozenset(path.rpartition("/")[2] for path in listed)
    if text is None:
        return None
    return frozenset(line.split(" ", 1)[0] for line in text.splitlines())


def _running(host: Host) -> tuple[DriverVersion | None, Literal["open", "proprietary"] | None, Seen | None]:
    from cudadoctor.parsers import proc_version

    in_sys, in_proc = read_text(host, _VERSION_FILE, limit=4096), read_text(host, _PROC)
    parsed = proc_version.parse(in_proc) if in_proc else None
    version = DriverVersion.parse(in_sys) if in_sys else None
    if version is not None:
        where, text = _VERSION_FILE, str(version)
    elif parsed is not None and parsed.version is not None:
        where, text = _PROC, first_line(in_proc or "") or ""
    else:
        return None, parsed.module if parsed else None, None
    return (
        version or (parsed.version if parsed else None),
        parsed.module if parsed else None,
        Seen(where=where, text=text),
    )


def _loaded(
    host: Host, modules: frozenset[str] | None, running: DriverVersion | None, *, wsl: int | None, jetson: str | None
) -> bool | None:
    if wsl:
        return present(host, "/dev/dxg")
    if running is not None or (modules is not None and "nvidia" in modules):
        return True
    if jetson:
        # Its GPU is driven by nvgpu, which may be built into the kernel and then need not show.
        return True if modules is not None and "nvgpu" in modules else None
    return None if modules is None else False


def _module_files(host: Host, identity: Identity | None) -> tuple[str, ...] | None:
    """None where there is no folder of the running kernel: in a container, or a kernel that came without modules."""
    if identity is None or not identity.kernel:
        return None
    roots = (f"/lib/modules/{identity.kernel}", f"/run/booted-system/kernel-modules/lib/modules/{identity.kernel}")
    present_roots = [present(host, root) for root in roots]
    files: list[str] = []
    for root in roots:
        for place in _MODULE_PLACES:
            files.extend(found(host, f"{root}/{place}/**/nvidia*.ko*", limit=64) or ())
    named = {path for path in files if _MODULE.match(path.rpartition("/")[2])}
    return tuple(sorted(named)) if any(present_roots) else None


class _Library(Struct, frozen=True, kw_only=True):
    path: str
    real: str
    version: DriverVersion | None


def _library(host: Host, identity: Identity | None, clock: Clock) -> _Library | None:
    """The driver's library that the loader would take, with a version where its file name tells one.

    Windows' libraries under WSL tell none. A library further down the search order is not looked at for it: it is not
    the one that programs get.
    """
    machine = (identity and identity.machine) or "x86_64"
    cache = _cache(host, machine, clock)
    resolved = [
        [
            one
            for one in (_resolved(host, path) for path in _candidates(host, machine, cache, soname))
            if one is not None
        ]
        for soname in _LIBRARIES
    ]
    firsts = [libraries[0] for libraries in resolved if libraries]
    return next((one for one in firsts if one.version is not None), firsts[0] if firsts else None)


def _cache(host: Host, machine: str, clock: Clock) -> list[ldconfig.CacheEntry]:
    listed, _ = linker_cache(host, clock)
    return [entry for entry in listed or () if entry.soname in _LIBRARIES and entry.serves(machine)]


def _candidates(host: Host, machine: str, cache: list[ldconfig.CacheEntry], soname: str) -> Iterator[str]:
    """Paths where the library may be, in the loader's order; last the usual places, for loaders without a cache."""
    own = [part for part in (host.env.get("LD_LIBRARY_PATH") or "").split(":") if part.startswith("/")]
    yield from (f"{folder.rstrip('/')}/{soname}" for folder in own[:64])
    yield from (entry.path for entry in cache if entry.soname == soname)
    yield from (f"{folder.format(machine=machine)}/{soname}" for folder in _LIBRARY_DIRS)


def _resolved(host: Host, path: str) -> _Library | None:
    try:
        real = host.realpath(path)
    except Refusal:
        return None
    if _NOT_THE_DRIVERS.search(path) or _NOT_THE_DRIVERS.search(real):
        return None
    return _Library(path=path, real=real, version=DriverVersion.parse(real.rpartition(".so.")[2]))
