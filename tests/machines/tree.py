"""What a machine in memory is made of: a tree of files, and programs that are Python functions."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cudadoctor.host.base import Completed, FileKind, TimedOut


@dataclass(frozen=True, kw_only=True)
class Call:
    """How a program was started."""

    argv: tuple[str, ...]
    """As asked for; `argv[0]` may be a bare name."""
    path: str
    """The file that was started, links not resolved."""
    env: Mapping[str, str]
    """The whole environment of the child."""
    stdin: bytes
    timeout: float


Program = Callable[[Call], Completed]
"""Answers a call, or raises TimedOut, Failed, Denied."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One directory entry."""

    kind: FileKind = "file"
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    target: str | None = None
    device: tuple[int, int] | None = None
    open_errno: int = 0
    """What a real open gives when permissions allow it: a driver may refuse with EIO, a device cgroup with EPERM."""
    size: int | None = None
    """Where it is not the length of `data`: a large library of which only a piece is there."""


def text(content: str | bytes) -> bytes:
    """Bytes of a file's content."""
    return content.encode() if isinstance(content, str) else content


def prints(stdout: str | bytes = b"", *, status: int = 0, stderr: str | bytes = b"") -> Program:
    """A program that always prints the same and ends with `status` (negative: the signal that ended it)."""

    def run(call: Call) -> Completed:
        return Completed(argv=call.argv, returncode=status, stdout=text(stdout), stderr=text(stderr), seconds=0.01)

    return run


def hangs(stdout: str | bytes = b"", *, stuck: bool = False, idle: bool = True) -> Program:
    """A program that never ends. `stuck`: in the kernel, so that not even SIGKILL ends it."""

    def run(call: Call) -> Completed:
        raise TimedOut(call.path, seconds=call.timeout, stdout=text(stdout), stuck=stuck, idle=idle, pid=4242)

    return run


def by_arguments(table: Mapping[tuple[str, ...], Program], *, otherwise: Program | None = None) -> Program:
    """A program that looks at its arguments: the first row whose words are all among them decides."""

    def run(call: Call) -> Completed:
        for words, program in table.items():
            if all(word in call.argv[1:] for word in words):
                return program(call)
        return (otherwise or prints(status=2, stderr=f"{call.argv[0]}: unknown arguments\n"))(call)

    return run


@dataclass(kw_only=True)
class Tree:
    """A file system that is being put together. Directories above an entry come by themselves."""

    entries: dict[str, Entry] = field(default_factory=lambda: {"/": Entry(kind="dir", mode=0o755)})

    def add(self, path: str, entry: Entry) -> None:
        """Put an entry; what stood there goes."""
        path = posixpath.normpath(path)
        parent = posixpath.dirname(path)
        if parent not in self.entries:
            self.add(parent, Entry(kind="dir", mode=0o755))
        self.entries[path] = entry

    def file(
        self, path: str, content: str | bytes = b"", *, mode: int = 0o644, uid: int = 0, size: int | None = None
    ) -> None:
        """A regular file."""
        self.add(path, Entry(data=text(content), mode=mode, uid=uid, size=size))

    def dir(self, path: str, *, mode: int = 0o755, uid: int = 0) -> None:
        """A directory."""
        self.add(path, Entry(kind="dir", mode=mode, uid=uid))

    def link(self, path: str, target: str) -> None:
        """A symbolic link; the target need not exist."""
        self.add(path, Entry(kind="link", mode=0o777, target=target))

    def node(
        self, path: str, device: tuple[int, int], *, mode: int = 0o666, gid: int = 0, uid: int = 0, open_errno: int = 0
    ) -> None:
        """A character device."""
        self.add(path, Entry(kind="char", mode=mode, uid=uid, gid=gid, device=device, open_errno=open_errno))

    def remove(self, path: str) -> None:
        """Without this entry and everything below it."""
        path = posixpath.normpath(path)
        for one in [name for name in self.entries if name == path or name.startswith(f"{path.rstrip('/')}/")]:
            del self.entries[one]
