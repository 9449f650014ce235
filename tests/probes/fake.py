"""A small host in memory: files, links, device nodes and programs as dicts. What is not listed does not exist."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from cudadoctor.host.base import (
    READ_LIMIT,
    Completed,
    FileStat,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    Refusal,
    TooLarge,
)

Program = Completed | Refusal | Callable[[tuple[str, ...]], Completed]


def identity(**changes: object) -> Identity:
    """An ordinary user on an ordinary machine."""
    values: dict[str, object] = {
        "machine": "x86_64",
        "kernel": "6.8.0-50-generic",
        "libc": "glibc 2.39",
        "user": "someone",
        "uid": 1000,
        "groups": ("someone", "video"),
    }
    return Identity(**{**values, **changes})  # type: ignore[arg-type]


def ended(stdout: str | bytes = b"", *, status: int = 0, stderr: str = "", truncated: bool = False) -> Completed:
    """A program that ended."""
    data = stdout.encode() if isinstance(stdout, str) else stdout
    return Completed(argv=("program",), returncode=status, stdout=data, stderr=stderr.encode(), truncated=truncated)


class FakeHost:
    """See `cudadoctor.host.base.Host`."""

    def __init__(
        self,
        *,
        files: Mapping[str, str | bytes | Refusal] | None = None,
        links: Mapping[str, str] | None = None,
        nodes: Mapping[str, tuple[int, int, int, int]] | None = None,
        programs: Mapping[str, Program] | None = None,
        env: Mapping[str, str] | None = None,
        who: Identity | Refusal | None = None,
        refusing: Mapping[str, Refusal] | None = None,
    ) -> None:
        """`nodes` are (mode, uid, gid, errno of an open); `programs` go by the arguments joined with blanks, or by
        argv[0] alone; `refusing` refuses stat and glob of a path or pattern."""
        self.env = dict(env or {})
        self._files = dict(files or {})
        self._links = dict(links or {})
        self._nodes = dict(nodes or {})
        self._programs = dict(programs or {})
        self._who = identity() if who is None else who
        self._refusing = dict(refusing or {})
        self.calls: list[tuple[str, ...]] = []
        self.opened: list[str] = []

    def _all(self) -> set[str]:
        known = {*self._files, *self._links, *self._nodes, *(name for name in self._programs if name.startswith("/"))}
        known = {name.split(" ", 1)[0] for name in known}
        for path in tuple(known):
            parent = posixpath.dirname(path)
            while parent not in ("/", ""):
                known.add(parent)
                parent = posixpath.dirname(parent)
        return known

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        content = self._files.get(self._follow(path))
        if content is None:
            raise Missing(path)
        if isinstance(content, Refusal):
            raise content
        data = content.encode() if isinstance(content, str) else content
        data = data[offset:]
        if 0 <= limit < len(data):
            raise TooLarge(path)
        return data if limit >= 0 else data[:-limit]

    def _follow(self, path: str) -> str:
        for _ in range(40):
            for link, target in self._links.items():
                if path == link or path.startswith(f"{link}/"):
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target) + path[len(link) :])
                    break
            else:
                return path
        raise Missing(path, "loop")

    def stat(self, path: str) -> FileStat:
        if path in self._refusing:
            raise self._refusing[path]
        if path in self._nodes:
            mode, uid, gid, _ = self._nodes[path]
            return FileStat(kind="char", mode=mode, uid=uid, gid=gid, size=0, device=(195, 0))
        if path in self._links:
            return FileStat(kind="link", mode=0o777, uid=0, gid=0, size=0, target=self._links[path])
        if path not in self._all():
            raise Missing(path)
        kind = "file" if path in self._files else "dir"
        return FileStat(kind=kind, mode=0o644, uid=0, gid=0, size=0)  # type: ignore[arg-type]

    def realpath(self, path: str) -> str:
        real = self._follow(path)
        if real not in self._all():
            raise Missing(path)
        return real

    def glob(self, pattern: str, *, limit: int = 10_000) -> tuple[str, ...]:
        if pattern in self._refusing:
            raise self._refusing[pattern]
        wanted = pattern.split("/")
        return tuple(sorted(path for path in self._all() if _matches(path.split("/"), wanted)))[:limit]

    def opens(self, path: str, *, write: bool) -> OpenResult:
        self.opened.append(path)
        errno = self._nodes[path][3]
        return OpenResult(ok=errno == 0, errno=errno)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        self.calls.append(tuple(argv))
        program = self._programs.get(" ".join(argv), self._programs.get(argv[0]))
        if program is None:
            raise Missing(argv[0])
        if isinstance(program, Refusal):
            raise program
        return replace(program, argv=tuple(argv)) if isinstance(program, Completed) else program(tuple(argv))

    def which(self, name: str) -> tuple[str, ...]:
        paths = [f"{folder}/{name}" for folder in self.env.get("PATH", "/usr/bin:/bin").split(":")]
        return tuple(path for path in paths if path in self._programs)

    def processes(self) -> tuple[Process, ...]:
        return ()

    def identity(self) -> Identity:
        if isinstance(self._who, Refusal):
            raise self._who
        return self._who

    def limits(self) -> Limits:
        return Limits(address_space=None, locked_memory=None, open_files=None, shm_size=None)


def _matches(parts: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_matches(parts[skip:], wanted[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])
