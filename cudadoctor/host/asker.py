"""Who asks on this machine: the process cudadoctor runs in, its limits, and its neighbours."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from cudadoctor.host.base import Identity, Limits, Process

Value = TypeVar("Value")


def processes() -> tuple[Process, ...]:
    """Running processes that the user may see, with as much of each as he may see."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with process.oneshot():
            name = _quietly(process.name)
            if name is None:  # it ended meanwhile
                continue
            owner, argv = _quietly(process.username) or "", _quietly(process.cmdline) or []
        found.append(Process(pid=process.pid, name=name, owner=owner, argv=tuple(word[:4096] for word in argv[:256])))
    return tuple(sorted(found, key=lambda process: process.pid))


def identity() -> Identity:
    """Who asks; what is not in the databases of users and groups stays None, or a number."""
    import pwd

    uname, uid = os.uname(), os.getuid()
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        account = None
    return Identity(
        machine=uname.machine,
        kernel=uname.release,
        libc=_libc(),
        user=account.pw_name if account else None,
        uid=uid,
        groups=tuple(_group(gid) for gid in sorted({*os.getgroups(), os.getegid()})),
        hostname=uname.nodename or None,
        home=(account.pw_dir or None) if account else None,
        cwd=_cwd(),
        tool_prefix=sys.prefix,
    )


def limits() -> Limits:
    """The soft limits: they are what binds."""
    import resource

    def soft(which: int) -> int | None:
        value = resource.getrlimit(which)[0]
        return None if value == resource.RLIM_INFINITY else value

    shm = _space("/dev/shm")  # noqa: S108  its size is asked, nothing is written
    disks = {name: space for name, path in _places().items() if (space := _space(path)) is not None}
    return Limits(
        address_space=soft(resource.RLIMIT_AS),
        locked_memory=soft(resource.RLIMIT_MEMLOCK),
        open_files=soft(resource.RLIMIT_NOFILE),
        shm_size=shm[0] if shm else None,
        shm_free=shm[1] if shm else None,
        disk_size={name: size for name, (size, _) in disks.items()},
        disk_free={name: free for name, (_, free) in disks.items()},
    )


def _places() -> dict[str, str]:
    """Directories that a user of torch writes to."""
    env = os.environ
    places = {
        "root": "/",
        "home": env.get("HOME"),
        "tmp": env.get("TMPDIR") or "/tmp",  # noqa: S108  its size is asked, nothing is written
        "env": env.get("VIRTUAL_ENV") or env.get("CONDA_PREFIX"),
        "work": _cwd(),
    }
    return {name: path for name, path in places.items() if path and path.startswith("/")}


def _space(path: str) -> tuple[int, int] | None:
    """Size and what is free for this user, in bytes; None where it is read-only, unknown, or without a limit."""
    try:
        found = os.statvfs(path)
    except (OSError, ValueError):
        return None
    if found.f_flag & os.ST_RDONLY or not found.f_blocks:
        return None
    return found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail


def _quietly(ask: Callable[[], Value]) -> Value | None:
    """What psutil tells of a process, or None where it is not for this user to see."""
    import psutil

    try:
        return ask()
    except (psutil.Error, OSError, KeyError):
        return None


def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _libc() -> str | None:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or None
    except (OSError, ValueError):
        return None


def _cwd() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None
