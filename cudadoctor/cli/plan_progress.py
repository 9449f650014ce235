"""What a person sees while a plan is carried out: a line for each step, with the time and what its program says."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cudadoctor.cli import console

if TYPE_CHECKING:
    from cudadoctor.remedies.plan import PlanStep

_MARKS = {"done": "✓", "held": "✓", "undone": "✓", "shown": "☞", "kept": "!", "failed": "✗", "interrupted": "✗"}
_ASCII = {"done": "+", "held": "+", "undone": "+", "shown": "*", "kept": "!", "failed": "x", "interrupted": "x"}
_WORDS = {"held": "done already", "shown": "for you", "kept": "something stays", "failed": "failed"}


class Watcher:
    """Prints to standard error. On a terminal the running step has one line that is drawn again and again."""

    TICK = 0.2
    """Seconds between two drawings."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose
        stream = sys.stderr
        dull = bool(os.environ.get("CI")) or os.environ.get("TERM", "") in ("", "dumb")
        self._live = not (quiet or verbose or dull) and stream is not None and stream.isatty()
        encoding = (stream.encoding or "ascii") if stream is not None else "ascii"
        self._marks = _MARKS if encoding.lower().replace("-", "") == "utf8" else _ASCII
        self._lock = threading.Lock()
        self._title = ""
        self._last = ""
        self._began = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, step: PlanStep, number: int, total: int) -> None:
        """A step begins."""
        from cudadoctor.render.clean import clean

        with self._lock:
            self._title, self._last, self._began = f"[{number}/{total}] {clean(step.title)}", "", time.monotonic()
        if self._verbose:
            self._put(f"{self._title}\n")
        if self._live:
            self._ended = threading.Event()
            thread = threading.Thread(target=self._draw, args=(self._ended,), name="plan-progress", daemon=True)
            with suppress(RuntimeError):  # no more threads: then without it
                thread.start()
                self._thread = thread

    def output(self, line: str) -> None:
        """The running program printed a line."""
        from cudadoctor.render.clean import clean, clean_lines

        if self._verbose:
            self._put("".join(f"    {one}\n" for one in clean_lines(line)))
            return
        said = clean(line)
        if said:
            with self._lock:
                self._last = said

    def end(self, step: PlanStep, outcome: str, seconds: float, message: str = "") -> None:  # noqa: ARG002
        """A step ended."""
        from cudadoctor.render.clean import clean

        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=1)
            self._thread = None
        if self._quiet:
            return
        word = _WORDS.get(outcome, outcome)
        # Why it failed is said once, below all steps, with what to do.
        told = message if outcome not in ("failed", "interrupted") else ""
        how = "" if outcome == "done" else f": {clean(told)}" if told else f": {word}"
        took = f" ({_time(seconds)})" if seconds >= 1 else ""
        erase = "\r\x1b[K" if self._live else ""
        self._put(f"{erase}{self._marks.get(outcome, '-')} {self._title}{how}{took}\n")

    def _draw(self, ended: threading.Event) -> None:
        while not ended.wait(self.TICK):
            with self._lock:
                line = f"  {self._title} {_time(time.monotonic() - self._began)}  {self._last}"
            self._put(f"\r\x1b[K{_cut(line, _columns() - 1)}")

    @staticmethod
    def _put(text: str) -> None:
        try:
            sys.stderr.write(
                text.encode(sys.stderr.encoding or "ascii", "backslashreplace").decode(sys.stderr.encoding)
            )
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            console.silence(sys.stderr)


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80


def _cut(line: str, room: int) -> str:
    """As much of it as the terminal's line takes: what is wider would stay there when it is drawn anew."""
    import unicodedata

    used = 0
    for at, letter in enumerate(line):
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > room:
            return line[:at]
    return line


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02d} min"
