"""Results as they come in, from several threads, and what is going on now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from cudadoctor.facts.smoke import SmokeOutcome, SmokeResult
from cudadoctor.smoke.suite import ON_CPU, Test
from cudadoctor.smoke.suspects import suspects

Progress = Callable[[str], None]


class Ledger:
    """All results of one run. May be written to from any thread; closed, it takes no more."""

    def __init__(self, seconds: float, expected: int, progress: Progress | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._results: list[SmokeResult] = []
        self._expected = expected
        """Roughly how many results there will be, for the line of progress."""
        self._progress = progress
        self.closed = threading.Event()
        self.out_of_time = False

    def left(self) -> float:
        """Seconds until the run must be over."""
        return max(0.0, self._end - time.monotonic())

    @property
    def results(self) -> tuple[SmokeResult, ...]:
        """What came in, in that order."""
        with self._lock:
            return tuple(self._results)

    def begin(self, test: Test, device: str) -> None:
        """Say what runs now."""
        if self._progress is not None and not self.closed.is_set():
            count = sum(one.name != "import" for one in self.results)
            self._progress(f"{device}: {test.name} ({count} of about {max(self._expected, count)} done)")

    def expect(self, count: int) -> None:
        """Say that there will be so many results."""
        self._expected = count

    def put(
        self,
        test: Test,
        outcome: SmokeOutcome,
        *,
        gpu: int | None,
        on_gpu: bool,
        seconds: float | None = None,
        message: str | None = None,
        figures: Mapping[str, object] | None = None,
        wrong: bool = False,
    ) -> None:
        """A result."""
        result = SmokeResult(
            name=test.name,
            gpu=gpu,
            layer=test.layer if on_gpu else ON_CPU.get(test.layer, test.layer),
            outcome=outcome,
            seconds=seconds,
            message=message,
            wrong=wrong,
            figures=dict(figures or {}),
            suspects=suspects(test, outcome, message, gpu=on_gpu),
        )
        with self._lock:
            if not self.closed.is_set():
                self._results.append(result)
