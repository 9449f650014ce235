"""The machine that cudadoctor runs on, or a file system on it that is not running."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host import asker, early, trust
from cudadoctor.host.base import (
    HELPER_PYTHON,
    NOT_AS_ROOT,
    READ_LIMIT,
    Completed,
    Denied,
    Failed,
    FileKind,
    FileStat,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    Refusal,
    TooLarge,
)
from cudadoctor.host.rooted import expand, inside

if TYPE_CHECKING:
    from cudadoctor.host.child import Follow

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_ELF_MACHINES = {62: "x86_64", 183: "aarch64", 21: "ppc64le", 3: "i686", 40: "armv7l", 243: "riscv64"}
_KINDS: tuple[tuple[int, FileKind], ...] = (
    (stat.S_IFREG, "file"),
    (stat.S_IFDIR, "dir"),
    (stat.S_IFLNK, "link"),
    (stat.S_IFCHR, "char"),
    (stat.S_IFBLK, "block"),
    (stat.S_IFIFO, "fifo"),
    (stat.S_IFSOCK, "socket"),
)


class LocalHost:
    """The running machine. See `Host` for every method; all may be called from several threads at once.

    With `root` every path means one inside that directory, links included; nothing can be run there, and who asks is
    not known. A file system that does not answer (a dead NFS server) and a device whose driver hangs in `open` block
    the calling thread: the kernel has no time limit for these.
    """

    def __init__(self, env: Mapping[str, str] | None = None, root: str = "") -> None:
        self._root = os.path.realpath(root).rstrip("/") if root else ""
        given = ({} if self._root else os.environ) if env is None else env
        self._env = MappingProxyType(dict(given))

    @classmethod
    def of_root(cls, folder: str) -> LocalHost:
        """The file system under a folder. Raises CudaDoctorError where it is no folder that can be read."""
        try:
            os.listdir(folder)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise CudaDoctorError(f"--root {folder}: {reason}; name the folder where the file system is") from error
        return cls(root=folder)

    @property
    def env(self) -> Mapping[str, str]:
        """See `Host`."""
        return self._env

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        """See `Host`."""
        try:
            real = inside(self._root, path)
            # Looked at before it is opened: opening a device may have effects.
            _regular(path, os.stat(real).st_mode)
            handle = os.open(real, _READ_FLAGS)
            try:
                entry = os.fstat(handle)
                _regular(path, entry.st_mode)
                if 0 <= limit < entry.st_size - offset:
                    raise TooLarge(path, f"more than {limit} bytes")
                if offset:
                    os.lseek(handle, offset, os.SEEK_SET)
                content = _take(handle, -limit if limit < 0 else limit + 1)
            finally:
                os.close(handle)
        except (OSError, ValueError) as error:
            raise _refusal(error, path) from None
        if 0 <= limit < len(content):
            raise TooLarge(path, f"more than {limit} bytes")
        return content

    def stat(self, path: str) -> FileStat:
        """See `Host`."""
        try:
            real = inside(self._root, path, follow=False)
            entry = os.lstat(real)
            target = os.readlink(real) if stat.S_ISLNK(entry.st_mode) else None
        except (OSError, ValueError) as error:
            raise _refusal(error, path) from None
        kind: FileKind = next((kind for bits, kind in _KINDS if stat.S_IFMT(entry.st_mode) == bits), "other")
        node = kind in {"char", "block"}
        return FileStat(
            kind=kind,
            mode=stat.S_IMODE(entry.st_mode),
            uid=entry.st_uid,
            gid=entry.st_gid,
            size=entry.st_size,
            target=target,
            device=(os.major(entry.st_rdev), os.minor(entry.st_rdev)) if node else None,
        )

    def realpath(self, path: str) -> str:
        """See `Host`."""
        try:
            if not self._root and path:
                return os.path.realpath(path, strict=True)
            real = inside(self._root, path) if path else ""
            os.lstat(real)
        except (OSError, ValueError) as error:
            raise _refusal(error, path) from None
        return real[len(self._root) :] or "/"

    def glob(self, pattern: str, *, limit: int = 10_000) -> tuple[str, ...]:
        """See `Host`."""
        return expand(self._root, pattern, limit)

    def opens(self, path: str, *, write: bool) -> OpenResult:
        """See `Host`."""
        flags = (os.O_RDWR if write else os.O_RDONLY) | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            real = inside(self._root, path)
            if self._root and not stat.S_ISREG(os.stat(real).st_mode):
                # A node on a disk that is not running would open this machine's device.
                return OpenResult(ok=False, errno=errno.ENXIO)
            os.close(os.open(real, flags))
        except OSError as error:
            return OpenResult(ok=False, errno=error.errno or errno.EIO)
        except ValueError:
            return OpenResult(ok=False, errno=errno.ENOENT)
        return OpenResult(ok=True)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
        follow: Follow | None = None,
    ) -> Completed:
        """See `Host`. `follow` is given the standard output as it comes, and may set the time limit anew."""
        if not argv:
            raise Missing("", "an empty command")
        if self._root:
            raise Missing(argv[0], "nothing can be run in a file system that is not running")
        program = self._helper() if argv[0] == HELPER_PYTHON else argv[0]
        if not program:
            raise Missing(argv[0], "the interpreter's own path is not known")
        found = self.which(program)
        if os.geteuid() == 0 and argv[0] != HELPER_PYTHON:
            found = self._run_by_root(found)
        from cudadoctor.host.child import run_child

        child_env = early.child_environment(self._env)
        for name, value in (env or {}).items():
            child_env.pop(name, None)
            if value is not None:
                child_env[name] = value
        if env and os.geteuid() == 0:
            trust.clean(child_env)
        try:
            # Found on the user's PATH, whatever `env` makes of PATH for the program itself.
            return run_child(argv, [found[0] if found else program, *argv[1:]], child_env, timeout, stdin, follow)
        except FileNotFoundError:
            if found:
                raise Failed(argv[0], "it is there, but its interpreter or loader is not") from None
            raise Missing(argv[0], "no such program") from None
        except (OSError, ValueError) as error:
            raise _refusal(error, argv[0]) from None

    @staticmethod
    def _run_by_root(found: tuple[str, ...]) -> tuple[str, ...]:
        """Of the programs of one name, the first that nobody else can change. Raises Denied without one."""
        reasons = [trust.reason(path) for path in found]
        for path, reason in zip(found, reasons, strict=True):
            if reason is None:
                return (path,)
        if found:
            raise Denied(found[0], f"{NOT_AS_ROOT}, because {reasons[0]}")
        return found

    def _helper(self) -> str:
        """The interpreter that runs this, else the system's: another user's may not be started a second time."""
        usual = (sys.executable, "/usr/bin/python3", *self.which("python3"))
        return next((path for path in usual if path and self._runnable(path)), sys.executable)

    def which(self, name: str) -> tuple[str, ...]:
        """See `Host`."""
        if "/" in name:
            return (name,) if self._runnable(name) else ()
        found: dict[str, None] = {}
        for folder in self._env.get("PATH", _DEFAULT_PATH).split(":"):
            path = os.path.join(folder or ".", name)
            if name and path not in found and self._runnable(path):
                found[path] = None
        return tuple(found)

    def _runnable(self, path: str) -> bool:
        try:
            real = inside(self._root, path)
            mode = os.stat(real).st_mode
            allowed = mode & 0o111 if self._root else os.access(real, os.X_OK)
        except (OSError, ValueError):
            return False
        return stat.S_ISREG(mode) and bool(allowed)

    def processes(self) -> tuple[Process, ...]:
        """See `Host`."""
        return () if self._root else asker.processes()

    def identity(self) -> Identity:
        """See `Host`."""
        return self._stranger() if self._root else asker.identity()

    def _stranger(self) -> Identity:
        """What can be told of a machine that is not running: its processor by its shell, and its name."""
        head, name = self._start_of("/bin/sh", 20), self._start_of("/etc/hostname", 256)
        machine = _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"), "") if head[:4] == b"\x7fELF" else ""
        hostname = name.decode("utf-8", "replace").strip() or None
        return Identity(machine=machine, kernel="", libc=None, user=None, uid=None, hostname=hostname)

    def _start_of(self, path: str, most: int) -> bytes:
        try:
            return self.read(path, limit=-most)
        except Refusal:
            return b""

    def limits(self) -> Limits:
        """See `Host`."""
        if self._root:
            return Limits(address_space=None, locked_memory=None, open_files=None, shm_size=None)
        return asker.limits()


def _refusal(error: Exception, what: str) -> Refusal:
    if not isinstance(error, OSError):
        return Missing(what, "no such name: it holds a NUL character")
    reason = error.strerror or type(error).__name__
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
        # Links that lead to each other lead nowhere.
        return Missing(what, reason)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Denied(what, reason)
    return Failed(what, reason)


def _regular(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Failed(path, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise Failed(path, "not a regular file")


def _take(handle: int, most: int) -> bytes:
    """Up to `most` bytes, to the end of the file: the size that /proc and /sys state is not their length."""
    pieces = []
    while most > 0 and (piece := os.read(handle, min(most, 1 << 18))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)
