"""Put bytes into a file so that it is the old one or the new one at any moment, never a part of either."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile

from cudadoctor.executor.files.target import Refused, Target, look

_PREFIX, _SUFFIX = ".cudadoctor-", ".tmp"


def sweep(folder: str, uid: int) -> None:
    """Remove what a cudadoctor that died left beside a file. To be called under the journal's lock only."""
    try:
        names = [name for name in os.listdir(folder) if name.startswith(_PREFIX) and name.endswith(_SUFFIX)]
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_uid == uid:
                os.unlink(path)


def replace(target: Target, data: bytes) -> None:
    """Write the file anew, with its owner, mode and extended attributes. Missing directories are made.

    Raises Refused where it is not what `target` was read from any more, or the system says no; then nothing changed.
    """
    folder = os.path.dirname(target.real)
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        temporary = _written(folder, target, data)
    except OSError as error:
        raise Refused(f"{target.shown}: cannot be written: {error.strerror}") from error
    try:
        unchanged(target)
        if target.data is None:
            _appear(temporary, target)
        else:
            os.replace(temporary, target.real)
    except OSError as error:
        raise Refused(f"{target.shown}: cannot be written: {error.strerror}") from error
    finally:
        _gone(temporary)
    sync(folder)


def remove(target: Target) -> None:
    """Take the file away. Raises Refused as `replace` does."""
    unchanged(target)
    try:
        os.unlink(target.real)
    except OSError as error:
        raise Refused(f"{target.shown}: cannot be removed: {error.strerror}") from error
    sync(os.path.dirname(target.real))


def unchanged(target: Target) -> None:
    """Raises Refused where the file is another one now, or holds something else."""
    now = look(target.path)
    if now.real != target.real or now.data != target.data or _identity(now) != _identity(target):
        raise Refused(f"{target.shown}: was changed by something else meanwhile; nothing was written")


def _identity(target: Target) -> tuple[int, ...]:
    status = target.status
    return () if status is None else (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def _written(folder: str, target: Target, data: bytes) -> str:
    """The path of a file beside it that holds the bytes, on the disk, and looks like it."""
    descriptor, path = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _like(file.fileno(), target)
            os.fsync(file.fileno())
    except BaseException:
        _gone(path)
        raise
    return path


def _like(descriptor: int, target: Target) -> None:
    status = target.status
    if status is None:
        mask = os.umask(0o077)
        os.umask(mask)
        os.fchmod(descriptor, 0o644 & ~mask)
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    try:
        for name in os.listxattr(target.real):  # SELinux labels, access control lists
            os.setxattr(descriptor, name, os.getxattr(target.real, name))
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.EINVAL):
            raise


def _appear(temporary: str, target: Target) -> None:
    """A new file, without overwriting one that came up in this moment."""
    try:
        os.link(temporary, target.real)
    except FileExistsError as error:
        raise Refused(f"{target.shown}: was made by something else meanwhile; nothing was written") from error
    except OSError:  # a file system without hard links
        os.replace(temporary, target.real)


def _gone(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync(folder: str) -> None:
    """Bring the directory's entries to the disk, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
