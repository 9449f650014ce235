"""A machine in memory: answers everything that a `Host` can be asked, from a tree of files and a table of programs.

It knows nothing of CUDA. What a program prints is decided by a Python function, found by the real path of the file that
stands at the end of PATH look-up and links, as a kernel would: a program that is not in the tree does not exist.
"""

from __future__ import annotations

import errno
import fnmatch
import posixpath
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cudadoctor.host.base import (
    HELPER_PYTHON,
    READ_LIMIT,
    Completed,
    Denied,
    Failed,
    FileStat,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    TooLarge,
)

from .tree import Call, Entry, Program, Tree

LINKS = 40
"""Links followed before the path counts as a loop, as in Linux."""


class VirtualHost:
    """A `Host` in memory."""

    def __init__(
        self,
        *,
        tree: Tree,
        identity: Identity,
        limits: Limits,
        env: Mapping[str, str],
        gids: frozenset[int] = frozenset(),
        programs: Mapping[str, Program] | None = None,
        helper: Program | None = None,
        processes: tuple[Process, ...] = (),
    ) -> None:
        """`programs`: by real path. `helper`: what `@python` runs; None where the machine offers no Python."""
        self._entries = dict(tree.entries)
        self._children: dict[str, list[str]] = {}
        for path in self._entries:
            if path != "/":
                self._children.setdefault(posixpath.dirname(path), []).append(posixpath.basename(path))
        for names in self._children.values():
            names.sort()
        self._identity = identity
        self._limits = limits
        self._env = MappingProxyType(dict(env))
        self._gids = gids
        self._programs = dict(programs or {})
        self._helper = helper
        self._processes = processes

    @property
    def env(self) -> Mapping[str, str]:
        return self._env

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        entry = self._entries[self._resolve(path)]
        if entry.kind == "dir":
            raise Failed(path, "Is a directory")
        if not self._allowed(entry, 4):
            raise Denied(path, "Permission denied")
        data = entry.data[offset:]
        if limit < 0:
            return data[:-limit]
        if len(data) > limit:
            raise TooLarge(path, f"more than {limit} bytes")
        return data

    def stat(self, path: str) -> FileStat:
        entry = self._entries[self._resolve(path, last=False)]
        size = entry.size if entry.size is not None else len(entry.target or entry.data)
        return FileStat(
            kind=entry.kind,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            size=size,
            target=entry.target,
            device=entry.device,
        )

    def realpath(self, path: str) -> str:
        return self._resolve(path)

    def glob(self, pattern: str, *, limit: int = 10_000) -> tuple[str, ...]:
        found = {"/"}
        parts = [part for part in pattern.split("/") if part]
        if parts and parts[-1] == "**":
            parts.append("*")  # `a/**` alone gives everything below
        for part in parts:
            found = {path for base in found for path in self._step(base, part)}
        return tuple(sorted(found))[:limit]

    def opens(self, path: str, *, write: bool) -> OpenResult:
        try:
            entry = self._entries[self._resolve(path)]
        except Missing:
            return OpenResult(ok=False, errno=errno.ENOENT)
        except Denied:
            return OpenResult(ok=False, errno=errno.EACCES)
        if not self._allowed(entry, 6 if write else 4):
            return OpenResult(ok=False, errno=errno.EACCES)
        return OpenResult(ok=entry.open_errno == 0, errno=entry.open_errno)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        child = {**self._env, "LC_ALL": "C"}
        for name, value in (env or {}).items():
            if value is None:
                child.pop(name, None)
            else:
                child[name] = value
        if argv[0] == HELPER_PYTHON:
            if self._helper is None:
                raise Missing(argv[0])
            call = Call(argv=tuple(argv), path=argv[0], env=child, stdin=stdin, timeout=timeout)
            return self._helper(call)
        found = (argv[0],) if "/" in argv[0] else self.which(argv[0])
        if not found:
            raise Missing(argv[0])
        real = self._resolve(found[0])
        entry = self._entries[real]
        if entry.kind != "file" or not entry.mode & 0o111 or not self._allowed(entry, 1):
            raise Denied(argv[0], "Permission denied")
        if real not in self._programs:
            raise Failed(argv[0], "Exec format error")
        return self._programs[real](Call(argv=tuple(argv), path=found[0], env=child, stdin=stdin, timeout=timeout))

    def which(self, name: str) -> tuple[str, ...]:
        folders = [""] if "/" in name else self._env.get("PATH", "").split(":")
        paths = dict.fromkeys(posixpath.join(folder or (self._identity.cwd or "/"), name) for folder in folders)
        return tuple(path for path in paths if self._runnable(path))

    def _runnable(self, path: str) -> bool:
        try:
            entry = self._entries[self._resolve(path)]
        except (Missing, Denied, Failed):
            return False
        return entry.kind == "file" and bool(entry.mode & 0o111) and self._allowed(entry, 1)

    def processes(self) -> tuple[Process, ...]:
        return self._processes

    def identity(self) -> Identity:
        return self._identity

    def limits(self) -> Limits:
        return self._limits

    # --- the file system ---

    def _allowed(self, entry: Entry, wanted: int) -> bool:
        """`wanted`: 4 read, 2 write, 1 execute or search, as in mode bits."""
        if self._identity.uid == 0:
            return True
        if entry.uid == self._identity.uid:
            bits = entry.mode >> 6
        elif entry.gid in self._gids:
            bits = entry.mode >> 3
        else:
            bits = entry.mode
        return bits & wanted == wanted

    def _resolve(self, path: str, *, last: bool = True) -> str:
        """The entry's own path, links on the way followed; the last one only with `last`."""
        if not path.startswith("/"):
            path = posixpath.join(self._identity.cwd or "/", path)
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        here, followed = "/", 0
        while todo:
            part = todo.pop()
            entry = self._entries[here]
            if entry.kind != "dir":
                raise Missing(path, "Not a directory")
            if not self._allowed(entry, 1):
                raise Denied(path, "Permission denied")
            if part == "..":
                here = posixpath.dirname(here)
                continue
            step = posixpath.join(here, part)
            if step not in self._entries:
                raise Missing(path, "No such file or directory")
            found = self._entries[step]
            if found.kind == "link" and found.target is not None and (todo or last):
                followed += 1
                if followed > LINKS:
                    raise Failed(path, "Too many levels of symbolic links")
                if found.target.startswith("/"):
                    here = "/"
                todo += [one for one in reversed(found.target.split("/")) if one not in ("", ".")]
                continue
            here = step
        return here

    def _listing(self, directory: str) -> list[str]:
        """Names in a directory that may be a link; empty where it is none or may not be listed."""
        try:
            real = self._resolve(directory)
        except (Missing, Denied, Failed):
            return []
        entry = self._entries[real]
        return self._children.get(real, []) if entry.kind == "dir" and self._allowed(entry, 5) else []

    def _step(self, base: str, part: str) -> set[str]:
        """Paths that one component of a glob leads to. Names that begin with a dot are matched only by a dot."""
        if part == "**":
            return self._below(base)
        if not any(letter in part for letter in "*?["):
            path = posixpath.join(base, part)
            try:
                self._resolve(path, last=False)
            except (Missing, Denied, Failed):
                return set()
            return {path}
        hidden = part.startswith(".")
        names = [name for name in self._listing(base) if fnmatch.fnmatchcase(name, part)]
        return {posixpath.join(base, name) for name in names if name.startswith(".") == hidden}

    def _below(self, base: str) -> set[str]:
        """`base` and every directory below it; links to directories are not entered, hidden ones neither."""
        found = {base}
        for name in self._listing(base):
            path = posixpath.join(base, name)
            if not name.startswith(".") and self._entries[self._resolve(path, last=False)].kind == "dir":
                found |= self._below(path)
        return found
