"""Files changed as a plan says, and given back as the journal says."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Sequence

from msgspec import Struct

from cudadoctor.executor.files import atomic, lines
from cudadoctor.executor.files.journal import Entry, Journal
from cudadoctor.executor.files.target import Refused, Target, Writer, digest, look, objections
from cudadoctor.remedies.plan import WriteFile


class Undone(Struct, frozen=True, kw_only=True):
    """What became of one change that was to be taken back."""

    path: str
    how: str
    """restored; removed: it had not been there; part: edited since, and only what was put in is out; kept: see it."""
    reason: str = ""


def content(step: WriteFile) -> bytes:
    """The bytes of a step. Bytes that are no UTF-8 stand in its text as surrogate escapes."""
    return step.text.encode("utf-8", "surrogateescape")


def as_text(data: bytes) -> str:
    """The same, the other way round."""
    return data.decode("utf-8", "surrogateescape")


def verify(steps: Sequence[WriteFile], writer: Writer) -> tuple[Target, ...]:
    """Look at every file. Raises Refused with all objections against all steps, not only the first."""
    targets: list[Target] = []
    found: list[str] = []
    for step in steps:
        try:
            target = look(step.path)
        except Refused as refused:
            found.append(str(refused))
            continue
        targets.append(target)
        found.extend(objections(target, writer))
        if step.before is not None and step.before != target.digest:
            found.append(f"{target.shown}: was changed by something else meanwhile")
        if step.delete and target.data is None:
            found.append(f"{target.shown}: is not there any more")
    if found:
        raise Refused("; ".join(found))
    return tuple(targets)


def perform(steps: Sequence[WriteFile], writer: Writer, journal: Journal, action: str) -> tuple[Target, ...]:
    """Verify all, then do all; where one fails, what was done is taken back. The files as they were before.

    Raises Refused or JournalError; then every file is as it was.
    """
    with journal.locked():
        for step in steps:
            atomic.sweep(os.path.dirname(os.path.realpath(step.path)), writer.uid)
        targets = verify(steps, writer)
        group = uuid.uuid4().hex
        done: list[tuple[Target, WriteFile]] = []
        try:
            for step, target in zip(steps, targets, strict=True):
                if _is_done(step, target):
                    continue
                journal.add(_entry(step, target, journal, group, action))
                _write(target, None if step.delete else content(step))
                done.append((target, step))
        except BaseException:
            for target, step in reversed(done):
                _take_back(target, step)
            journal.close(group, "failed")
            raise
        return targets


def _is_done(step: WriteFile, target: Target) -> bool:
    return target.data is None if step.delete else target.data == content(step)


def _entry(step: WriteFile, target: Target, journal: Journal, group: str, action: str) -> Entry:
    return Entry(
        id=uuid.uuid4().hex,
        group=group,
        at=lines.now(),
        action=action,
        path=target.path,
        real=target.real,
        before=target.digest,
        after="" if step.delete else digest(content(step)),
        backup=None if target.data is None else journal.keep(target.data),
        folders=_missing_folders(target.real),
    )


def _missing_folders(path: str) -> tuple[str, ...]:
    found: list[str] = []
    folder = os.path.dirname(path)
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        found.append(folder)
        folder = os.path.dirname(folder)
    return tuple(found)


def _write(target: Target, data: bytes | None) -> None:
    if data is None:
        if target.data is not None:
            atomic.remove(target)
    else:
        atomic.replace(target, data)


def _take_back(before: Target, step: WriteFile) -> None:
    """Best effort: the failure that led here is what gets reported."""
    try:
        now = look(before.path)
        if now.digest == ("" if step.delete else digest(content(step))):
            _write(now, before.data)
    except Refused:
        pass


def undo(journal: Journal, writer: Writer, without: Callable[[bytes], bytes]) -> tuple[str, tuple[Undone, ...]] | None:
    """Take the latest change back that holds: its action and what became of each file. None: there is nothing.

    A file that is as the change left it becomes what it was, byte for byte. One that was edited since keeps the edits:
    `without` takes out what was put in. Raises Refused where a file must not be written.
    """
    with journal.locked():
        for group in journal.open_groups():
            for entry in group:
                atomic.sweep(os.path.dirname(entry.real), writer.uid)
            targets = [look(entry.path) for entry in group]
            if all(_never_happened(entry, target) for entry, target in zip(group, targets, strict=True)):
                journal.close(group[0].group, "never-happened")
                continue
            found = [reason for target in targets for reason in objections(target, writer)]
            if found:
                raise Refused("; ".join(found))
            results = tuple(
                _undo_one(entry, target, journal, without)
                for entry, target in zip(reversed(group), reversed(targets), strict=True)
            )
            journal.close(group[0].group, "undone")
            return group[0].action, results
    return None


def _never_happened(entry: Entry, target: Target) -> bool:
    """The process died between its line in the journal and the change, or somebody took it back by hand."""
    return target.digest == entry.before


def _undo_one(entry: Entry, target: Target, journal: Journal, without: Callable[[bytes], bytes]) -> Undone:
    if target.digest == entry.after:
        if entry.backup is None:
            _write(target, None)
            _remove_folders(entry.folders)
            return Undone(path=entry.path, how="removed")
        _write(target, journal.kept(entry.backup))
        return Undone(path=entry.path, how="restored")
    if _never_happened(entry, target):
        return Undone(path=entry.path, how="kept", reason="it is as it was before")
    if target.data is not None and entry.after:
        left = without(target.data)
        if left != target.data:
            journal.keep(target.data)
            _write(target, left)
            return Undone(path=entry.path, how="part")
    where = "" if entry.backup is None else f"; what it held before is in {journal.backup_path(entry.backup)}"
    return Undone(path=entry.path, how="kept", reason=f"it was changed since, and the block is not in it{where}")


def _remove_folders(folders: Sequence[str]) -> None:
    with contextlib.suppress(OSError):  # somebody put something there
        for folder in folders:
            os.rmdir(folder)
