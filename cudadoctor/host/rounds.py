"""A far machine is a replay that is filled in rounds.

The probes run against what is known so far; what they ask and the recording does not hold is pooled; one start of a
program at the far end answers the whole pool; the probes run again, until nothing is missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host import codec
from cudadoctor.host.base import Failed, Host
from cudadoctor.host.codec import Answer, Question, Unanswered
from cudadoctor.host.recording import Recording, checked
from cudadoctor.host.replay import ReplayHost

__all__ = ["Answer", "Question", "RoundsHost", "Unanswered", "answer", "fill"]

MOST = 4
"""Rounds, at most: each one starts a program at the far end."""

Result = TypeVar("Result")


class RoundsHost(ReplayHost):
    """Answers from a recording, and pools the questions that it has no answer to.

    Such a question raises `Unanswered`, or gives the empty answer where there is one. With `closed` no further round
    will come: then it raises Failed, because "not asked" must not be taken for "not there".
    """

    def __init__(self, recording: Recording, *, closed: bool = False) -> None:
        super().__init__(recording)
        self._closed = closed
        self._pool: dict[str, Question] = {}
        self._lock = threading.Lock()

    @property
    def questions(self) -> tuple[Question, ...]:
        """What was asked and is not known, each once, in the order of asking."""
        with self._lock:
            return tuple(self._pool.values())

    def _absent(self, asked: Question, empty: object) -> Any:  # noqa: ANN401
        with self._lock:
            known = self._pool.setdefault(codec.key(asked), asked)
            # Two who ask the same with different patience: the program gets the longer time.
            if asked.get("timeout", 0) > known.get("timeout", 0):
                self._pool[codec.key(asked)] = asked
        if self._closed:
            raise Failed(codec.what(asked), "not asked: the far machine was asked as often as is allowed")
        if empty is None:
            raise Unanswered(codec.what(asked), "not asked yet")
        return empty

    @property
    def env(self) -> Mapping[str, str]:
        """See `Host`."""
        if self._recording.env is None:
            with self._lock:
                self._pool.setdefault("env", codec.question("env"))
        return super().env


def answer(questions: Sequence[Question], host: Host) -> tuple[Answer, ...]:
    """What the far end does: put each question to its own machine. One that it does not understand is refused."""
    return tuple(codec.perform(host, asked) for asked in questions)


def fill(
    run_probes: Callable[[Host], Result],
    ask: Callable[[Sequence[Question]], Sequence[Answer]],
    most: int = MOST,
) -> tuple[Result, Recording, int]:
    """Run the probes and ask in turn until nothing is missing; at most `most` times.

    Gives the probes' last result, all answers, and how often the far end was asked. Raises CudaDoctorError where its
    answers are malformed; what `ask` raises passes through.
    """
    recording = Recording()
    for rounds in range(most + 1):
        host = RoundsHost(recording)
        result = run_probes(host)
        if not host.questions:
            return result, recording, rounds
        if rounds == most:
            break
        before = len(recording), recording.env is None
        answers = ask(host.questions)
        try:
            for given in answers:
                recording.put(checked(given))
        except ValueError as error:
            raise CudaDoctorError(f"the far machine's answer is malformed: {error}; is it cudadoctor's?") from error
        if before == (len(recording), recording.env is None):
            rounds += 1  # noqa: PLW2901  it was asked, and said nothing new: asking again will not help
            break
    return run_probes(RoundsHost(recording, closed=True)), recording, rounds
