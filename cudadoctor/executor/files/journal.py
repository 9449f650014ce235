"""What was done, one JSON line each, and what was there before: `undo` works from this alone.

In ${XDG_STATE_HOME:-~/.local/state}/cudadoctor, readable by the user only. A line is written before the change and says
what will be, so that a crash between the two loses nothing; whether it came to be is seen from the file itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from cudadoctor import files
from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.files import lines
from cudadoctor.executor.files.target import digest


class JournalError(CudaDoctorError):
    """The state directory cannot be used. Nothing is changed without a journal."""


class Entry(Struct, frozen=True, kw_only=True):
    """One change of one file."""

    id: str
    group: str
    """The same for all changes of one command: they are undone together."""
    at: str
    """UTC, ISO 8601."""
    action: str
    """In words: "shell --apply"."""
    path: str
    real: str
    before: str
    """SHA-256; "" where there was no file."""
    after: str
    """The same, after the change; "" where the file was taken away."""
    backup: str | None
    """Name of the file in `backups` that holds what was there."""
    folders: tuple[str, ...] = ()
    """Directories that had to be made, the innermost first."""


BACKUP_LIMIT = 256 << 20
"""Bytes of a file that was replaced."""


def check_trust(folder: str) -> None:
    """What is in the journal is done to files: nobody else may have written it. Raises JournalError."""
    reason = files.changeable(folder)
    if reason is not None:
        raise JournalError(f"the state directory {folder} is not safe: {reason}; set XDG_STATE_HOME to one of your own")


def directory(env: Mapping[str, str], home: str) -> str:
    """Where the state is kept. A relative XDG_STATE_HOME is ignored, as the XDG specification has it."""
    base = env.get("XDG_STATE_HOME", "")
    return os.path.join(base if base.startswith("/") else os.path.join(home, ".local", "state"), "cudadoctor")


def _entry(line: dict[str, Any]) -> Entry | None:
    """None: a line of another version, or one that somebody wrote into the file."""
    try:
        entry = Entry(**{**line, "folders": tuple(line.get("folders", ()))})
    except TypeError:
        return None
    texts = (entry.id, entry.group, entry.action, entry.path, entry.real, entry.before, entry.after, *entry.folders)
    return entry if all(isinstance(text, str) for text in texts) else None


class Journal:
    """The journal of one state directory. Raises JournalError wherever that cannot be used."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._file = os.path.join(folder, "journal.jsonl")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One cudadoctor at a time changes things."""
        self._trust()
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)  # 0700 is for the last directory alone
            os.makedirs(os.path.join(self._folder, "backups"), mode=0o700, exist_ok=True)
            descriptor = os.open(os.path.join(self._folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._failed(error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JournalError("another cudadoctor is changing files; try again when it has ended") from None
            except OSError:
                pass  # a network file system without locks: each file is still looked at before it is replaced
            yield
        finally:
            os.close(descriptor)

    def keep(self, data: bytes) -> str:
        """Keep what a file held; the name to find it by."""
        name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.{digest(data)[:12]}"
        path = os.path.join(self._folder, "backups", name)
        try:
            with os.fdopen(os.open(f"{path}.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(f"{path}.part", path)
        except OSError as error:
            raise self._failed(error) from error
        return name

    def kept(self, name: str) -> bytes:
        """What `keep` was given."""
        try:
            self._trust()
            return files.read_own(self.backup_path(name), BACKUP_LIMIT)
        except OSError as error:
            raise self._failed(error) from error

    def backup_path(self, name: str) -> str:
        """The whole path of a backup."""
        return os.path.join(self._folder, "backups", os.path.basename(name))

    def add(self, entry: Entry) -> None:
        """Write the line down before the change."""
        self._append(structs.asdict(entry))

    def close(self, group: str, result: str) -> None:
        """The group is undone, or never came to be: `undo` passes it over."""
        self._append({"closed": group, "result": result})

    def open_groups(self) -> tuple[tuple[Entry, ...], ...]:
        """What was done and not taken back, the latest first."""
        groups: dict[str, list[Entry]] = {}
        for line in self._lines():
            if "closed" in line:
                groups.pop(str(line["closed"]), None)
                continue
            entry = _entry(line)
            if entry is not None:
                groups.setdefault(entry.group, []).append(entry)
        return tuple(tuple(entries) for entries in reversed(groups.values()))

    def _lines(self) -> Iterator[dict[str, Any]]:
        self._trust()
        try:
            yield from lines.read(self._file)
        except OSError as error:
            raise self._failed(error) from error

    def _append(self, line: Mapping[str, object]) -> None:
        try:
            lines.append(self._file, line)
        except OSError as error:
            raise self._failed(error) from error

    def _trust(self) -> None:
        check_trust(self._folder)

    def _failed(self, error: OSError) -> JournalError:
        return JournalError(f"the state directory {self._folder} cannot be used: {error.strerror or error}")
