"""Where results and notes go: colour, width, files written whole or not at all, and a line of progress."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from cudadoctor.errors import CudaDoctorError

if TYPE_CHECKING:
    from cudadoctor.render.text_draw import Look

LEAST_WIDTH = 40
WHEEL = "|/-\\"
_LAUNCHER = os.environ.pop("CUDADOCTOR_STARTED_AS", None)
"""Said by scripts/cudadoctor; taken out, because the environment is part of what is examined."""


def wants_color(mode: str, *, to_file: bool) -> bool:
    """Whether to colour: `--color`, then NO_COLOR, then FORCE_COLOR, then whether a terminal that can is there."""
    if mode != "auto":
        return mode == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return not to_file and _is_terminal(sys.stdout) and os.environ.get("TERM", "") not in ("", "dumb")


def terminal_width(*, to_file: bool) -> int | None:
    """Columns of the terminal that standard output is; None where it is none."""
    if to_file or not _is_terminal(sys.stdout):
        return None
    columns = os.environ.get("COLUMNS", "")
    try:
        width = int(columns) if columns.isdecimal() and len(columns) < 6 else os.get_terminal_size(1).columns
    except OSError:
        width = 0
    return max(LEAST_WIDTH, width) if width else 80  # a serial line says 0


def prints_unicode(*, to_file: bool) -> bool:
    """Whether the marks can be shown: a file is always UTF-8, standard output is what the locale says."""
    encoding = "utf-8" if to_file or sys.stdout is None else sys.stdout.encoding or "ascii"
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


def program() -> str:
    """What this user types to start the tool: the launcher's path, `uvx cudadoctor`, `python -m cudadoctor`.

    The launcher says so itself; `cudadoctor` alone is right only where the shell finds this very installation by it.
    """
    import shlex
    import shutil

    if _LAUNCHER:
        return shlex.quote(_LAUNCHER)
    started = sys.argv[0]
    name = os.path.basename(started)
    if name == "__main__.py":
        python = os.path.basename(sys.executable)
        there = shutil.which(python)
        same = there is not None and os.path.realpath(there) == os.path.realpath(sys.executable) and not _in_venv(there)
        return f"{python if same else shlex.quote(sys.executable)} -m cudadoctor"
    folder = os.path.dirname(os.path.realpath(started))
    if "/uv/" in folder and "/archive-v" in folder:
        return "uvx cudadoctor"
    if "/pipx/" in folder and "/.cache/" in folder:
        return "pipx run cudadoctor"
    found = shutil.which("cudadoctor")
    if found is not None and os.path.realpath(found) == os.path.realpath(started):
        return "cudadoctor"
    return shlex.quote(started) if "/" in started else "cudadoctor"


def _in_venv(python: str) -> bool:
    """Whether an interpreter that the shell finds is another environment's: one link may lead both to one file."""
    return os.path.dirname(os.path.dirname(python)) != sys.prefix and sys.prefix != sys.base_prefix


def look(verbosity: int, color: str, *, to_file: bool) -> Look:
    """How text for a person is drawn here."""
    from cudadoctor.render.text_draw import Look

    return Look(
        width=terminal_width(to_file=to_file),
        color=wants_color(color, to_file=to_file),
        unicode=prints_unicode(to_file=to_file),
        verbosity=verbosity,
        program=program(),
    )


def write_result(text: str, path: str | None) -> None:
    """Print a result, or write it to `path` atomically. Raises CudaDoctorError where that cannot be done."""
    if path is None or path == "-":
        _print(text)
    else:
        _write_file(text.encode("utf-8", "backslashreplace"), path)


def _print(text: str) -> None:
    if sys.stdout is None:
        raise CudaDoctorError("cannot write the result: standard output is closed")
    try:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise CudaDoctorError(f"cannot write to standard output: {error.strerror}") from error


def _write_file(data: bytes, path: str) -> None:
    from cudadoctor import files

    try:
        files.write(path, data, 0o666)
    except OSError as error:
        reason = error.strerror or str(error)
        folder = os.path.dirname(path)
        if isinstance(error, FileNotFoundError):
            reason = f"there is no directory {folder}" if folder else reason
        raise CudaDoctorError(f"cannot write {path}: {reason}") from error


def step_summary(page: Callable[[], str]) -> None:
    """Append the page to the summary of this job's step, where GitHub Actions names a file for it."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as summary:
            summary.write(page())
    except OSError as error:
        note(f"cannot write GITHUB_STEP_SUMMARY {path}: {error.strerror}")


def note(text: str) -> None:
    """One line on standard error. Never fails: where nobody listens there is nobody to tell."""
    from cudadoctor.render.clean import clean

    try:
        sys.stderr.write(f"cudadoctor: {clean(text)}\n")
        sys.stderr.flush()
    except (OSError, AttributeError, ValueError):
        silence(sys.stderr)


def silence(stream: TextIO | None) -> None:
    """Send what is still buffered nowhere, so that Python does not complain of it at the end."""
    if stream is None:
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def flush(stream: TextIO | None) -> None:
    """Write what is buffered, or drop it where nobody reads it any more."""
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        silence(stream)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


class Progress:
    """One line on standard error while something takes long: only on a terminal, and gone at the end."""

    DELAY = 0.4
    """Seconds before it appears: what is quick needs none."""

    def __init__(self, *, quiet: bool) -> None:
        dull = quiet or bool(os.environ.get("CI")) or os.environ.get("TERM", "") in ("", "dumb")
        self._on = not dull and _is_terminal(sys.stderr)
        self._label = ""
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if self._on:
            thread = threading.Thread(target=self._draw, name="progress", daemon=True)
            with suppress(RuntimeError):  # no more threads: then without it
                thread.start()
                self._thread = thread
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def label(self, text: str) -> None:
        """What is being waited for."""
        self._label = text

    def _draw(self) -> None:
        if self._done.wait(self.DELAY):
            return
        ticks = 0
        while True:
            try:
                room = os.get_terminal_size(2).columns - 16
            except OSError:
                room = 60
            shown = self._label if len(self._label) <= max(room, 0) else f"{self._label[: max(room - 3, 0)]}..."
            self._put(f"\r\x1b[K{WHEEL[ticks % len(WHEEL)]} examining {shown}")
            ticks += 1
            if self._done.wait(0.1):
                self._put("\r\x1b[K")
                return

    @staticmethod
    def _put(text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            silence(sys.stderr)
