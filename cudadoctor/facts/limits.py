"""What this process may use: memory, shared memory, disk, files."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Disk(Struct, frozen=True, kw_only=True):
    """A file system that a user of torch writes to, in bytes."""

    place: str
    """home, tmp, env, root, work (the current directory)."""
    size: int
    free: int


class NoexecPlace(Struct, frozen=True, kw_only=True):
    """A directory from which no code may be run."""

    place: str
    """home or tmp."""
    path: str
    mount: str


class CacheDir(Struct, frozen=True, kw_only=True):
    """A directory in which compiled kernels are kept, and that is there."""

    path: str
    variable: str | None = None
    """The variable that names it; None: the usual place."""
    uid: int
    mode: int
    writable: bool | None
    """By mode and owner; None where a group decides."""


class SearchedDir(Struct, frozen=True, kw_only=True):
    """A directory on a search path into which everybody may write; asked by root, also one of another user."""

    variable: str
    """LD_LIBRARY_PATH, PATH or PYTHONPATH."""
    path: str
    mode: int
    uid: int


class InfinibandPort(Struct, frozen=True, kw_only=True):
    """A port of an RDMA device."""

    device: str
    port: str
    state: str | None
    """`ACTIVE`, `DOWN` …"""
    link_layer: str | None
    """`InfiniBand`, or `Ethernet` (RoCE, which cloud machines have without using it)."""


class LimitFacts(Struct, frozen=True, kw_only=True):
    """What this process may use. Sizes in bytes; None: not known."""

    address_space: int | None = None
    locked_memory: int | None = None
    open_files: int | None = None
    unlimited: tuple[str, ...] = ()
    """Those of the three above that are known to have no limit."""
    shm_size: int | None = None
    shm_free: int | None = None
    overcommit: int | None = None
    """vm.overcommit_memory: 0, 1, or 2 (never more than there is)."""
    memory_total: int | None = None
    cgroup_memory: int | None = None
    """The least memory.max of the control group; None: no limit, or not known."""
    oom_kills: int | None = None
    """How often the kernel killed a process of this control group for want of memory."""
    disks: tuple[Disk, ...] = ()
    noexec: tuple[NoexecPlace, ...] = ()
    caches: tuple[CacheDir, ...] = ()
    writable: tuple[SearchedDir, ...] = ()
    infiniband: tuple[InfinibandPort, ...] = ()
    peermem: bool | None = None
    """The module nvidia_peermem is in the kernel."""
    interfaces: tuple[str, ...] | None = None
    """Names of the network interfaces."""
    tools: tuple[str, ...] | None = None
    """Of g++, c++, clang++, make, ninja and cmake: those on PATH."""
    scheduler: str | None = None
    """slurm, pbs or lsf: its commands or its configuration are on this machine."""
    confined: str | None = None
    """`flatpak` or `snap`: the process runs in such a sandbox, or has the environment of one."""
    musl: bool | None = None
    """The C library is musl, as on Alpine Linux."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Settings of NCCL's own files (/etc/nccl.conf, ~/.nccl.conf)."""
