"""Paths and patterns inside a directory that stands for a file system."""

from __future__ import annotations

import errno
import fnmatch
import functools
import itertools
import os
import re
from collections.abc import Callable, Iterator

_MOST_LINKS = 40
"""Links that one path may follow, as in the Linux kernel."""
_MOST_LOOKS = 400_000
"""Directory entries that one pattern may look at: `**` on a large file system must end."""


def inside(root: str, path: str, *, follow: bool = True) -> str:
    """Where `path` of the file system under `root` really is; `..` and absolute links stay inside it.

    With `follow` the last link is resolved too. Without a root the path itself. Raises OSError (ELOOP).
    """
    if not root:
        return path
    if "\0" in path:
        raise ValueError("embedded null byte")
    todo = _parts(path)
    done: list[str] = []
    links = 0
    while todo:
        part = todo.pop()
        if part == "..":
            del done[-1:]
            continue
        target = _link("/".join([root, *done, part])) if todo or follow else None
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target.startswith("/"):
            done = []
        todo += _parts(target)
    return "/".join([root, *done])


def _parts(path: str) -> list[str]:
    """The components, last one first."""
    return [part for part in reversed(path.split("/")) if part not in {"", "."}]


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def expand(root: str, pattern: str, limit: int) -> tuple[str, ...]:
    """Existing paths that match, sorted, at most `limit`; links to directories are entered, but not by `**`.

    Names that begin with a dot are matched only by a dot. What cannot be read is skipped.
    """
    if "\0" in pattern or not pattern:
        return ()
    start = "/" if pattern.startswith("/") else ""
    walk = _Walk(root)
    found: set[str] = set()
    for path in walk.match(start, [part for part in pattern.split("/") if part]):
        if not pattern.endswith("/"):
            found.add(path)
        elif walk.is_dir(path):
            found.add(path + "/")
        if len(found) >= limit:
            break
    return tuple(sorted(found))


@functools.lru_cache(256)
def _accepts(part: str) -> Callable[[str], object]:
    """Whether a name fits one component of a pattern; the same ones are asked for in directory after directory.

    With nothing but stars no expression is compiled: that took longer than all the looking.
    """
    if "?" in part or "[" in part:
        return re.compile(fnmatch.translate(part)).match
    start, *middle = part.split("*")
    if not middle:
        return part.__eq__
    end = middle.pop()

    def fits(name: str) -> bool:
        if len(name) < len(start) + len(end) or not (name.startswith(start) and name.endswith(end)):
            return False
        at, last = len(start), len(name) - len(end)
        for piece in middle:
            found = name.find(piece, at, last)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return fits


class _Walk:
    def __init__(self, root: str) -> None:
        self._root = root
        self._looks = 0

    def match(self, base: str, parts: list[str]) -> Iterator[str]:
        """Paths below `base` ("" or ending in a slash) that match the components."""
        if not parts:
            return
        part, rest = parts[0], parts[1:]
        if part == "**":
            # `a/**` alone gives everything below; `a/**/b` also matches `a/b`.
            yield from self.match(base, rest) if rest else self._names(base, None)
            for folder in self._folders(base):
                yield from self.match(folder + "/", rest) if rest else self._names(folder + "/", None)
            return
        if not re.search(r"[*?\[]", part):
            # Literal components in a row need one look, at their end.
            while rest and not re.search(r"[*?\[]", rest[0]):
                part, rest = f"{part}/{rest[0]}", rest[1:]
            paths = iter([base + part] if rest or self._exists(base + part) else [])
        else:
            paths = self._names(base, part)
        for path in paths:
            if not rest:
                yield path
            else:
                yield from self.match(path + "/", rest)

    def is_dir(self, path: str) -> bool:
        try:
            return os.path.isdir(inside(self._root, path))
        except (OSError, ValueError):
            return False

    def _exists(self, path: str) -> bool:
        try:
            return os.path.lexists(inside(self._root, path, follow=False))
        except (OSError, ValueError):
            return False

    def _names(self, base: str, part: str | None) -> Iterator[str]:
        accept = _accepts(part or "*")
        hidden = part is not None and part.startswith(".")
        for name in self._listed(base):
            if name.startswith(".") == hidden and accept(name):
                yield base + name

    def _folders(self, base: str) -> Iterator[str]:
        """Every directory below, links not entered."""
        todo = [base]
        while todo:
            here = todo.pop()
            inner = [here + name for name, is_dir in self._entries(here) if is_dir and not name.startswith(".")]
            yield from inner
            todo += [path + "/" for path in reversed(inner)]

    def _listed(self, base: str) -> list[str]:
        """Names in a directory, sorted."""
        if self._looks > _MOST_LOOKS:
            return []
        try:
            with os.scandir(inside(self._root, base or ".")) as entries:
                found = [entry.name for entry in itertools.islice(entries, _MOST_LOOKS + 1)]
        except (OSError, ValueError):
            return []
        self._looks += len(found)
        return sorted(found)

    def _entries(self, base: str) -> list[tuple[str, bool]]:
        """Names in a directory, sorted, and which are directories themselves."""
        if self._looks > _MOST_LOOKS:
            return []
        found = []
        try:
            with os.scandir(inside(self._root, base or ".")) as entries:
                for entry in entries:
                    found.append((entry.name, entry.is_dir(follow_symlinks=False)))
                    if len(found) > _MOST_LOOKS:
                        break
        except (OSError, ValueError):
            return []
        self._looks += len(found)
        return sorted(found)
