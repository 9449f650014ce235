"""The pythons on PATH, shims of version managers resolved."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cudadoctor.probes.quiet import Quiet

_MOST_PARENTS = 40
_MOST_VERSIONS = 20


def first_pythons(host: Quiet) -> Iterator[str]:
    """Every `python3` and `python` on PATH, in PATH's order; in one directory python3 comes first."""
    folders = (host.env("PATH") or "").split(":")
    order = {folder.rstrip("/"): place for place, folder in reversed(list(enumerate(folders)))}
    found = [*host.which("python3"), *host.which("python")]
    # Sorting keeps the order of equals.
    seen: set[str] = set()
    for path in sorted(found, key=lambda one: order.get(posixpath.dirname(one), len(folders))):
        for python in _resolved(host, path):
            # One directory is one environment: its python and python3 are the same.
            if posixpath.dirname(python) not in seen:
                seen.add(posixpath.dirname(python))
                yield python


def _resolved(host: Quiet, path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) != "shims":
        yield path
        return
    # pyenv's own rule: PYENV_VERSION, .python-version here and above, then the file `version` in its root.
    root = posixpath.dirname(folder)
    name = posixpath.basename(path)
    # All of them in one look, before it is known which is meant: a far machine is asked in few rounds.
    installed = {_version(python): python for python in host.glob(f"{root}/versions/*/bin/{name}", 200)}
    for version in _versions(host, root):
        if version == "system":
            return
        family = [one for one in installed if one == version or one.startswith(f"{version}.")]
        if family:
            yield installed[version if version in family else max(family, key=_numbers)]
            return


def _versions(host: Quiet, root: str) -> list[str]:
    variable = host.env("PYENV_VERSION")
    if variable:
        return variable.split(":")[:_MOST_VERSIONS]
    texts = [host.read(f"{folder}/.python-version", 4096) for folder in _upward(host.identity().cwd)]
    texts.append(host.read(f"{root}/version", 4096))
    for text in texts:
        words = [word for line in (text or "").splitlines() for word in line.partition("#")[0].split()]
        if words:
            return words[:_MOST_VERSIONS]
    return []


def _upward(cwd: str | None) -> list[str]:
    folders: list[str] = []
    while cwd and len(folders) < _MOST_PARENTS:
        folders.append(cwd.rstrip("/"))
        if cwd == "/":
            break
        cwd = posixpath.dirname(cwd)
    return folders


def _version(path: str) -> str:
    """The name in `…/versions/3.11.7/bin/python`."""
    return path.split("/versions/", 1)[-1].split("/", 1)[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else -1 for part in version.split("."))
