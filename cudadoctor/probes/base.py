"""What a probe is given, and what it gives back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from cudadoctor.facts.base import Gap

Value = TypeVar("Value")


class Request(Struct, frozen=True, kw_only=True):
    """What the user wants examined."""

    fast: bool = False
    """Start no child that imports torch."""
    envs: tuple[str, ...] = ()
    """Names or paths of environments to examine; the first is the active one."""
    all_envs: bool = False
    """Ask the torch of every environment, not only of the active one."""
    timeout: float = 60.0
    """Seconds for the whole run."""


class Found(Struct, Generic[Value], frozen=True, kw_only=True):
    """A probe's answer. `value` is None where nothing is known; then at least one gap says why."""

    value: Value | None
    gaps: tuple[Gap, ...] = ()


class Clock:
    """The time that is left to this run, and the answers that its probes share."""

    RESERVE = 0.75
    """Seconds kept for judging and printing."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._answers: dict[str, Any] = {}

    def once(self, question: str, ask: Callable[[], Value]) -> Value:
        """The answer to what several probes ask in this run: the first one asks, the others wait for it."""
        with self._lock:
            lock = self._locks.setdefault(question, threading.Lock())
        with lock:
            if question not in self._answers:
                self._answers[question] = ask()
            answer: Value = self._answers[question]
            return answer

    def left(self) -> float:
        """Seconds until the run must end."""
        return max(0.0, self._end - time.monotonic())

    def limit(self, seconds: float) -> float:
        """`seconds`, or what is left for probes where that is less; at least 0.05."""
        return max(0.05, min(seconds, self.left() - self.RESERVE))


class Beside(threading.Thread):
    """A thread that is a daemon, and runs at once where the system starts none (ulimit -v or -u, a cgroup's limit)."""

    def __init__(self, target: Callable[[], object] | None = None, *, name: str | None = None) -> None:
        super().__init__(target=target, name=name, daemon=True)

    def start(self) -> None:
        """Start, or do the work here and now."""
        try:
            super().start()
        except RuntimeError:
            self.run()

    def join(self, timeout: float | None = None) -> None:
        """Wait; there is nothing to wait for where it was done at once."""
        if self.ident is not None:
            super().join(timeout)
