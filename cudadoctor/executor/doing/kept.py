"""What was there before a step, kept so that `undo` can give it back, and what the step left."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Mapping

from msgspec import Struct

from cudadoctor.executor.doing import trees
from cudadoctor.executor.doing.change import Undone, content
from cudadoctor.executor.files import atomic
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.files.target import Refused, Target, look
from cudadoctor.executor.system.machine import Machine
from cudadoctor.remedies.plan import Fetch, PlanStep, WriteFile


class File(Struct, frozen=True, kw_only=True):
    """A file before a step."""

    path: str
    real: str
    digest: str
    """SHA-256; "" where there was none."""
    backup: str | None
    mode: int | None
    folders: tuple[str, ...]


class Before(Struct, frozen=True, kw_only=True):
    """What was there."""

    files: tuple[File, ...] = ()
    makes: tuple[trees.Made, ...] = ()
    packages: Mapping[str, str] | None = None
    """Name and version of all; None: not asked."""


class After(Struct, frozen=True, kw_only=True):
    """What the step left."""

    files: Mapping[str, str] = {}
    """SHA-256 by path."""
    packages: tuple[str, ...] = ()
    """Those that it newly installed."""
    changed: tuple[str, ...] = ()
    """Those that have another version now."""


def file(path: str, journal: Journal) -> File:
    """Note a file and keep its bytes. Raises Refused or JournalError."""
    target = look(path)
    return File(
        path=path,
        real=target.real,
        digest=target.digest,
        backup=None if target.data is None else journal.keep(target.data),
        mode=None if target.status is None else stat.S_IMODE(target.status.st_mode),
        folders=trees.missing_folders(target.real),
    )


def before(step: PlanStep, journal: Journal, packages: Mapping[str, str] | None) -> Before:
    """Note all that a step may change. Raises Refused or JournalError; then the step must not begin."""
    action = step.action
    files = [*step.touches, *([action.path] if isinstance(action, WriteFile) else [])]
    makes = [
        *step.makes,
        *([action.path, f"{action.path}.part", f"{action.path}.part.json"] if isinstance(action, Fetch) else []),
    ]
    return Before(
        files=tuple(file(path, journal) for path in files),
        makes=tuple(trees.note(path) for path in makes),
        packages=packages,
    )


def hashes(was: Before) -> dict[str, str]:
    """What the files hold now."""
    return {one.path: _hash(one.path) for one in was.files}


def _hash(path: str) -> str:
    try:
        return look(path).digest
    except Refused:
        return "?"


def write(action: WriteFile, machine: Machine) -> None:
    """Do it. Raises Refused; then the file is as it was."""
    target = look(action.path)
    if action.before is not None and target.digest != action.before:
        raise Refused(f"{target.shown}: was changed by something else since the plan was made: make it anew")
    put(target, None if action.delete else content(action), None, machine, needs_root=action.needs_root)


def put(target: Target, data: bytes | None, mode: int | None, machine: Machine, *, needs_root: bool) -> None:
    """Let the file hold these bytes, or be gone. By sudo where root has to, through a file of our own.

    `mode`: of the file; None: that of the file before, 0644 for a new one. Raises Refused.
    """
    if not machine.by_sudo(needs_root=needs_root):
        if data is None:
            if target.data is not None:
                atomic.remove(target)
            return
        if target.data != data:
            atomic.replace(target, data)
        if mode is not None:
            os.chmod(target.real, mode)
        return
    atomic.unchanged(target)
    if data is None:
        trees.by_sudo(machine, "rm", "-f", "--", target.real)
        return
    before_it = 0o644 if target.status is None else stat.S_IMODE(target.status.st_mode)
    with tempfile.NamedTemporaryFile(dir=machine.state, prefix="put-") as own:
        own.write(data)
        own.flush()
        owner = (0, 0) if target.status is None else (target.status.st_uid, target.status.st_gid)
        put_file(own.name, target.real, before_it if mode is None else mode, machine, owner)


def put_file(source: str, place: str, mode: int, machine: Machine, owner: tuple[int, int] = (0, 0)) -> None:
    """Copy a file of ours to root's place: beside it first, then over it in one move. Raises Refused."""
    beside = f"{place}.cudadoctor-new"
    of = ("-o", str(owner[0]), "-g", str(owner[1]))
    trees.by_sudo(machine, "install", "-D", "-m", f"{mode:04o}", *of, "--", source, beside)
    trees.by_sudo(machine, "mv", "-fT", "--", beside, place)


def give_back(
    was: File,
    after: str | None,
    journal: Journal,
    machine: Machine,
    without: Callable[[bytes], bytes],
    *,
    needs_root: bool,
) -> Undone | None:
    """Let a file be what it was before a step. `after`: what the step left; None: it was broken off, not known.

    None: it is what it was. One that was edited since keeps the edits: `without` takes out what was put in. Raises
    Refused or JournalError.
    """
    target = look(was.path)
    if target.real != was.real:
        return Undone(path=was.path, how="kept", reason="it leads to another file now" + _where(was, journal))
    if target.digest == was.digest:
        _mode_back(target, was, machine, needs_root=needs_root)
        return None
    if target.digest == after or after is None:
        held = ""
        if after is None and target.data is not None:
            held = f"what it held until now is in {journal.backup_path(journal.keep(target.data))}"
        data = None if was.backup is None else journal.kept(was.backup)
        put(target, data, was.mode, machine, needs_root=needs_root)
        if data is None:
            trees.remove_folders(was.folders, machine, needs_root=needs_root)
        return Undone(path=was.path, how="removed" if data is None else "restored", reason=held)
    if target.data is not None and after:
        left = without(target.data)
        if left != target.data:
            journal.keep(target.data)
            put(target, left, None, machine, needs_root=needs_root)
            return Undone(path=was.path, how="part")
    return Undone(path=was.path, how="kept", reason="it was changed since" + _where(was, journal))


def _mode_back(target: Target, was: File, machine: Machine, *, needs_root: bool) -> None:
    status = target.status
    if status is not None and was.mode is not None and stat.S_IMODE(status.st_mode) != was.mode:
        put(target, target.data, was.mode, machine, needs_root=needs_root)


def _where(was: File, journal: Journal) -> str:
    return "" if was.backup is None else f"; what it held before is in {journal.backup_path(was.backup)}"
