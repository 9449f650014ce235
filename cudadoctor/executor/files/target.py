"""A file that may be written: what it is now, and every reason not to touch it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError

LARGEST = 1 << 20
"""Bytes. An rc file is never that long; what is, is something else."""


class Refused(CudaDoctorError):  # noqa: N818  it names the file, as every error of this tool does
    """The file is left as it is. The text says which file and why."""


class Target(Struct, frozen=True, kw_only=True):
    """A file as it was read."""

    path: str
    """As it was asked for."""
    real: str
    """With every link resolved: this one is written, so that a link of a dotfile manager stays a link."""
    data: bytes | None
    """None: it does not exist."""
    status: os.stat_result | None

    @property
    def digest(self) -> str:
        """As in `WriteFile.before`."""
        return "" if self.data is None else digest(self.data)

    @property
    def shown(self) -> str:
        """The path, and where its link leads."""
        return self.path if self.path == self.real else f"{self.path} ({self.real})"


class Writer(Struct, frozen=True, kw_only=True):
    """Who writes, and whose home it is."""

    uid: int
    home: str

    @classmethod
    def current(cls, home: str) -> Writer:
        """The user of this process, and the home that its environment names."""
        return cls(uid=os.geteuid(), home=home)


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def look(path: str) -> Target:
    """The file behind every link. Raises Refused where it is none, or cannot be read."""
    real = os.path.realpath(path)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Target(path=path, real=real, data=None, status=None)
    except OSError as error:
        reason = "its links lead in a circle" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror}"
        raise Refused(f"{path}: {reason}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{path}: is not a regular file")
        if status.st_size > LARGEST:
            raise Refused(f"{path}: is larger than {LARGEST >> 20} MiB, too large for a start-up file")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return Target(path=path, real=real, data=data, status=status)


def objections(target: Target, writer: Writer) -> tuple[str, ...]:
    """Every reason not to write it, each with the file's name; none: it may be written."""
    return tuple(f"{target.shown}: {reason}" for reason in (*_of_home(writer), *_of_file(target, writer)))


def _of_home(writer: Writer) -> list[str]:
    try:
        owner = os.stat(writer.home).st_uid
    except OSError as error:
        return [f"the home directory {writer.home} cannot be looked at: {error.strerror}"]
    if owner == writer.uid:
        return []
    sudo = " (sudo keeps HOME: run it without sudo)" if writer.uid == 0 and os.environ.get("SUDO_UID") else ""
    return [f"HOME={writer.home} belongs to another user (uid {owner}, this is uid {writer.uid}){sudo}"]


def _of_file(target: Target, writer: Writer) -> list[str]:
    found: list[str] = []
    status = target.status
    if status is not None:
        if status.st_uid != writer.uid:
            nix = ", and /nix/store is never written: put the lines into your configuration"
            store = nix if target.real.startswith("/nix/store/") else ""
            found.append(f"belongs to another user (uid {status.st_uid}, this is uid {writer.uid}){store}")
        if not status.st_mode & stat.S_IWUSR:
            found.append("is read-only (whatever made it so may write it anew)")
        if status.st_nlink > 1:
            found.append(f"has {status.st_nlink} hard links, which would be torn apart")
    elif os.path.islink(target.path) and not os.path.isdir(os.path.dirname(target.real)):
        found.append("is a link to a directory that does not exist")
    folder = _nearest(os.path.dirname(target.real))
    try:
        there = os.stat(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            found.append(f"the directory {folder} cannot be written")
        elif there.st_mode & stat.S_IWOTH and not there.st_mode & stat.S_ISVTX:
            found.append(f"everybody may write the directory {folder}, so that nothing in it can be relied on")
    except OSError as error:
        found.append(f"the directory {folder} cannot be looked at: {error.strerror}")
    return found


def _nearest(folder: str) -> str:
    """The directory, or the next one above it that exists."""
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder
