"""Files that others may change: who can, and how to read and write without following them."""

from __future__ import annotations

import errno
import os
import select
import stat
import time

PATIENCE = 10.0
"""Seconds that the other end of a pipe has."""


def changeable(path: str, *, follow: bool = True) -> str | None:
    """Who but this user and root can change what lies at a path, in words; None where nobody can.

    Looked at are the entry and every directory above it, links followed. A directory with the sticky bit (/tmp) keeps
    others from replacing what is not theirs. What does not exist yet is as safe as the first directory that does.
    """
    try:
        real = os.path.realpath(path) if follow else os.path.abspath(path)
        trusted = {0, os.geteuid(), os.stat("/").st_uid}
        place = real
        while True:
            try:
                entry = os.lstat(place)
            except FileNotFoundError:
                place = os.path.dirname(place)
                continue
            reason = _by_others(place, entry, trusted, inside=place != real)
            if reason is not None or place == "/":
                return reason
            place = os.path.dirname(place)
    except (OSError, ValueError) as error:
        return f"{path} cannot be looked at: {getattr(error, 'strerror', None) or error}"


def _by_others(place: str, entry: os.stat_result, trusted: set[int], *, inside: bool) -> str | None:
    if entry.st_uid not in trusted:
        return f"{place} belongs to user {_user(entry.st_uid)}"
    if stat.S_ISLNK(entry.st_mode) or (inside and entry.st_mode & stat.S_ISVTX):
        return None
    if entry.st_mode & 0o002:
        return f"{place} can be changed by every user"
    if entry.st_mode & 0o020 and _has_others(entry.st_gid):
        return f"{place} can be changed by the group {entry.st_gid}"
    return None


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _has_others(gid: int) -> bool:
    """Whether a group has listed members besides this user; a group that is not listed may have anybody."""
    import grp

    if gid == 0:
        return False
    own = {"root", _user(os.geteuid())}
    try:
        return bool(set(grp.getgrgid(gid).gr_mem) - own)
    except KeyError:
        return gid != os.getegid()


def foreign_link(path: str) -> str | None:
    """A link on the way to `path`, itself included, that belongs to neither this user nor root; None without."""
    trusted = {0, os.geteuid(), os.stat("/").st_uid}
    place = "/" if path.startswith("/") else "."
    for part in filter(None, path.split("/")):
        place = os.path.join(place, part)
        try:
            entry = os.lstat(place)
        except OSError:
            return None
        if stat.S_ISLNK(entry.st_mode) and entry.st_uid not in trusted:
            return f"{place} is a link that user {_user(entry.st_uid)} made"
    return None


def write(path: str, data: bytes, mode: int) -> None:
    """Write a whole file: beside its target, then renamed. A pipe or device takes the bytes as they come.

    A link of one's own stays a link. Raises OSError; also for a link that somebody else made, and for a pipe that
    nobody reads.
    """
    led = foreign_link(path)
    if led is not None:
        raise OSError(errno.ELOOP, led)
    try:
        kind = os.stat(path).st_mode
    except FileNotFoundError:
        kind = stat.S_IFREG
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    if not stat.S_ISREG(kind) or path.startswith(("/dev/", "/proc/")):  # /dev/stdout may lead to a file
        _pour(path, data)
        return
    target = os.path.realpath(path)
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)[:200]}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _pour(path: str, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from this pipe") from error
        raise
    try:
        left, end = memoryview(data), time.monotonic() + PATIENCE
        while left:
            if not select.select([], [descriptor], [], max(0.0, end - time.monotonic()))[1]:
                raise OSError(errno.ETIMEDOUT, f"nothing was taken within {PATIENCE:g} s")
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                continue
            end = time.monotonic() + PATIENCE
    finally:
        os.close(descriptor)


def read(path: str, limit: int) -> bytes:
    """At most `limit` bytes of a file; a pipe or a terminal has some seconds for each piece. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if stat.S_ISFIFO(kind) and not select.select([descriptor], [], [], PATIENCE)[0]:
            raise OSError(errno.ETIMEDOUT, f"nothing came from this pipe within {PATIENCE:g} s")
        parts: list[bytes] = []
        while limit > 0:
            if not stat.S_ISREG(kind) and not select.select([descriptor], [], [], PATIENCE)[0]:
                raise OSError(errno.ETIMEDOUT, f"nothing came within {PATIENCE:g} s")
            try:
                part = os.read(descriptor, min(limit, 1 << 20))
            except BlockingIOError:
                continue
            if not part:
                break
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def read_own(path: str, limit: int) -> bytes:
    """A regular file of at most `limit` bytes, no link. Raises OSError for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        entry = os.fstat(descriptor)
        if not stat.S_ISREG(entry.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if entry.st_size > limit:
            raise OSError(errno.EFBIG, f"it is larger than {limit >> 20} MiB")
        return file.read(limit)
