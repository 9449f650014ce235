"""Asks what this process may use, without changing or writing anything."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cudadoctor.facts.base import Gap
from cudadoctor.facts.limits import CacheDir, Disk, InfinibandPort, LimitFacts, NoexecPlace, SearchedDir
from cudadoctor.host.base import Host, Limits, Refusal
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.quiet import Quiet

_NO_LIMITS = Limits(address_space=None, locked_memory=None, open_files=None, shm_size=None)
_SOFT = ("address_space", "locked_memory", "open_files")
_CACHES = (".nv", ".nv/ComputeCache", ".triton", ".cache", ".cache/torch_extensions")
"""Below the home directory: where CUDA, Triton and torch keep what they compile."""
_CACHE_VARIABLES = ("CUDA_CACHE_PATH", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "TORCH_EXTENSIONS_DIR")
_TOOLS = ("g++", "c++", "clang++", "make", "ninja", "cmake")
_SCHEDULERS = (
    ("slurm", "/etc/slurm*/slurm.conf"),
    ("slurm", "/run/slurm/conf/slurm.conf"),
    ("pbs", "/etc/pbs.conf"),
    ("lsf", "/etc/lsf.conf"),
)
_NUMBER = re.compile(r"\d{1,19}\Z")
_SETTING = re.compile(r"\s*(NCCL_\w{1,60})\s*=\s*(\S{0,200})")
_MOST_ENTRIES = 40
_UNLIMITED = 1 << 62
"""cgroup v1 writes nearly 2^63 where there is no limit."""


def probe(host: Host, request: Request, clock: Clock) -> Found[LimitFacts]:
    """Resource limits, shared memory, disks, mounts, caches, RDMA ports, and what kind of place this is."""
    del request, clock
    quiet = Quiet(host)
    gaps: list[Gap] = []
    try:
        limits = host.limits()
    except Refusal as refusal:
        limits, known = _NO_LIMITS, False
        gaps.append(Gap(fact="limits.address_space", reason=str(refusal)))
    else:
        known = limits != _NO_LIMITS
    tmp = quiet.env("TMPDIR") or "/tmp"  # noqa: S108  where it is mounted is asked, nothing is written
    value = LimitFacts(
        address_space=limits.address_space,
        locked_memory=limits.locked_memory,
        open_files=limits.open_files,
        unlimited=tuple(name for name in _SOFT if known and getattr(limits, name) is None),
        shm_size=limits.shm_size,
        shm_free=limits.shm_free,
        overcommit=_number(quiet.read("/proc/sys/vm/overcommit_memory", 64)),
        memory_total=_total(quiet.read("/proc/meminfo", 4096)),
        cgroup_memory=_cgroup(quiet),
        oom_kills=_kills(quiet),
        disks=tuple(
            Disk(place=name, size=limits.disk_size[name], free=free)
            for name, free in sorted(limits.disk_free.items())
            if name in limits.disk_size
        ),
        noexec=tuple(_noexec(quiet, (("home", quiet.home), ("tmp", tmp)))),
        caches=tuple(_caches(quiet)),
        writable=tuple(_writable(quiet)),
        infiniband=tuple(_ports(quiet)),
        peermem=bool(quiet.glob("/sys/module/nvidia_peermem", 1)) if quiet.glob("/sys/module/*", 1) else None,
        interfaces=tuple(posixpath.basename(path) for path in quiet.glob("/sys/class/net/*", 200)) or None,
        tools=tuple(name for name in _TOOLS if quiet.which(name)),
        scheduler=_scheduler(quiet),
        confined=_confined(quiet),
        musl=_musl(quiet),
        variables=_settings(quiet),
    )
    return Found(value=value, gaps=tuple(gaps))


def _number(text: str | None) -> int | None:
    word = (text or "").strip()
    return int(word) if _NUMBER.match(word) else None


def _total(text: str | None) -> int | None:
    match = re.search(r"MemTotal:\s{1,20}(\d{1,15}) kB", text or "")
    return int(match[1]) * 1024 if match else None


def _cgroup(quiet: Quiet) -> int | None:
    """The least limit of the groups that are seen: in a container its own root, else those that this process is in."""
    inside = [line.split(":", 2)[-1].strip() for line in (quiet.read("/proc/self/cgroup", 8192) or "").splitlines()]
    own = next((path for path in inside if path.startswith("/") and ".." not in path), "/")
    files = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        *(f"/sys/fs/cgroup{part}/memory.max" for part in _parents(own)),
    ]
    found = [_number(quiet.read(path, 64)) for path in dict.fromkeys(files)]
    return min((one for one in found if one is not None and one < _UNLIMITED), default=None)


def _parents(path: str) -> Iterator[str]:
    while path.strip("/"):
        yield path
        path = posixpath.dirname(path)


def _kills(quiet: Quiet) -> int | None:
    match = re.search(r"^oom_kill (\d{1,9})$", quiet.read("/sys/fs/cgroup/memory.events", 1024) or "", re.MULTILINE)
    return int(match[1]) if match else None


def _noexec(quiet: Quiet, places: tuple[tuple[str, str | None], ...]) -> Iterator[NoexecPlace]:
    mounts = []
    for line in (quiet.read("/proc/self/mountinfo", 1 << 20) or "").splitlines()[:5000]:
        words = line.split()
        if len(words) > 5:
            mounts.append((words[4], "noexec" in words[5].split(",")))
    for place, path in places:
        if path is None:
            continue
        over = [one for one in mounts if f"{path}/".startswith(f"{one[0].rstrip('/')}/")]
        if over:
            # The last of the longest: a later mount on the same directory covers the earlier one.
            longest = max(len(one[0]) for one in over)
            mount, noexec = next(one for one in reversed(over) if len(one[0]) == longest)
            if noexec:
                yield NoexecPlace(place=place, path=path, mount=mount)


def _caches(quiet: Quiet) -> Iterator[CacheDir]:
    home = quiet.home
    named: list[tuple[str | None, str | None]] = [(name, quiet.env(name)) for name in _CACHE_VARIABLES]
    named += [(None, f"{home}/{below}") for below in _CACHES if home and home != "/"]
    uid = quiet.identity().uid
    for variable, path in named:
        entry = quiet.stat(path) if path and path.startswith("/") else None
        if path is None or entry is None or entry.kind != "dir" or uid is None:
            continue
        yield CacheDir(
            path=path,
            variable=variable,
            uid=entry.uid,
            mode=entry.mode,
            writable=_may_write(entry.uid, entry.mode, uid),
        )


def _may_write(owner: int, mode: int, uid: int) -> bool | None:
    if uid in (0, owner) or mode & 0o002:
        return uid == 0 or uid != owner or bool(mode & 0o200)
    return None if mode & 0o020 else False


def _writable(quiet: Quiet) -> Iterator[SearchedDir]:
    """Directories of the search paths that everybody may write to; asked by root, also those of other users."""
    root = quiet.identity().uid == 0
    for variable in ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH"):
        entries = re.split("[:;]", quiet.env(variable) or "")[:_MOST_ENTRIES]
        for path in dict.fromkeys(entry for entry in entries if entry.startswith("/")):
            real = quiet.real(path)
            entry = quiet.stat(real) if real else None
            if entry is not None and entry.kind == "dir" and (entry.mode & 0o002 or (root and entry.uid != 0)):
                yield SearchedDir(variable=variable, path=path, mode=entry.mode, uid=entry.uid)


def _ports(quiet: Quiet) -> Iterator[InfinibandPort]:
    for folder in quiet.glob("/sys/class/infiniband/*/ports/*", 64):
        words = folder.split("/")
        state = quiet.read(f"{folder}/state", 64)
        layer = quiet.read(f"{folder}/link_layer", 64)
        yield InfinibandPort(
            device=words[4],
            port=words[-1],
            state=one_line(state).rpartition(" ")[2] if state else None,
            link_layer=one_line(layer) if layer else None,
        )


def _scheduler(quiet: Quiet) -> str | None:
    files = next((name for name, pattern in _SCHEDULERS if quiet.glob(pattern, 1)), None)
    programs = next(
        (name for name, word in (("slurm", "sbatch"), ("pbs", "qsub"), ("lsf", "bsub")) if quiet.which(word)), None
    )
    return files or programs


def _confined(quiet: Quiet) -> str | None:
    if quiet.stat("/.flatpak-info") is not None:
        return "flatpak"
    leaked = "/snap/" in (quiet.env("LD_LIBRARY_PATH") or "")
    return "snap" if leaked and quiet.env("SNAP") else None


def _musl(quiet: Quiet) -> bool | None:
    libc = quiet.identity().libc
    if libc is not None:
        return False
    return True if quiet.globs("/lib/ld-musl-*.so.1", "/usr/lib/ld-musl-*.so.1", most=1) else None


def _settings(quiet: Quiet) -> dict[str, str]:
    """NCCL reads both files; what the user's says goes before the machine's."""
    home = quiet.home
    found: dict[str, str] = {}
    for path in ("/etc/nccl.conf", f"{home}/.nccl.conf" if home else "/etc/nccl.conf"):
        for line in (quiet.read(path, 16384) or "").splitlines()[:200]:
            if match := _SETTING.match(line):
                found[match[1]] = match[2]
    return found
