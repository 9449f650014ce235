"""Runs the tests of one device in children: a new one for what is left after a crash, a hang or a poisoned context."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Protocol

from cudadoctor.facts.smoke import SmokeOutcome
from cudadoctor.host.base import Completed, Refusal, TimedOut
from cudadoctor.smoke.ledger import Ledger
from cudadoctor.smoke.suite import FIRST_TOUCH, IMPORT, Test

PROTOCOL = "smoke/1"
BETWEEN = 30.0
"""Seconds from the end of one test to the beginning of the next: the child only writes lines then."""
START = 60.0
"""Seconds for the interpreter to start."""
_MOST_LINE = 1 << 18
_FATAL = re.compile(r"^Fatal Python error: (.{1,200})", re.MULTILINE)
_CONTROL = re.compile(r"[^\x20-\x7e]{1,100}")


class Runs(Protocol):
    """The part of the machine that is needed here: it runs a program and hands on what it prints."""

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
        follow: Any = None,  # noqa: ANN401
    ) -> Completed:
        """See `LocalHost`."""
        ...


def child_script() -> bytes:
    """The text of child.py."""
    return resources.files("cudadoctor.smoke").joinpath("child.py").read_bytes()


class Target:
    """A device, the interpreter, and what its children are given."""

    def __init__(
        self,
        host: Runs,
        python: str,
        device: str,
        *,
        gpu: int | None,
        env: Mapping[str, str | None],
        job: dict[str, Any],
    ) -> None:
        self.host, self.python, self.device, self.gpu, self.env, self.job = host, python, device, gpu, env, job

    @property
    def label(self) -> str:
        """For the line of progress."""
        return f"GPU {self.gpu}" if self.gpu is not None else "GPUs" if self.device != "cpu" else "CPU"


class _Reader:
    """The child's lines as they come; gives the time that the child has from then on."""

    def __init__(self, tests: Mapping[str, Test], ledger: Ledger, target: Target, *, known: Sequence[Test]) -> None:
        self._tests, self._ledger, self._target = tests, ledger, target
        self._rest = b""
        self._known = known
        """What was done before: that this child could do it as well is no news."""
        self.current: Test | None = None
        self.since = time.monotonic()
        self.finished: dict[str, str] = {}
        """Outcome by name."""
        self.figures: dict[str, Mapping[str, Any]] = {}
        self.poisoned = False
        self.done = False

    def __call__(self, piece: bytes) -> float | None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[-_MOST_LINE:]
        seconds = None
        for line in lines:
            if line[:1] == b"{":
                seconds = self._take(line) or seconds
        return None if seconds is None else min(seconds, self._ledger.left())

    def _take(self, line: bytes) -> float | None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return None
        step = said.get("step") if isinstance(said, dict) else None
        if step == "done":
            self.done = True
        test = self._tests.get(str(said.get("test"))) if step in ("begin", "end") else None
        if test is None:
            return BETWEEN if step == "done" else None
        if step == "begin":
            self.current, self.since = test, time.monotonic()
            self._ledger.begin(test, self._target.label)
            return test.limit + float(self._target.job.get("seconds", 0.0) if test.name == "burn" else 0.0)
        self._end(test, said)
        return BETWEEN

    def _end(self, test: Test, said: Mapping[str, Any]) -> None:
        outcome: SmokeOutcome = said["outcome"] if said.get("outcome") in ("pass", "fail", "skip") else "fail"
        figures = said.get("figures") if isinstance(said.get("figures"), dict) else {}
        seconds = said.get("seconds") if isinstance(said.get("seconds"), int | float) else None
        message = plain(said.get("message"))
        self.current = None
        self.finished[test.name] = outcome
        self.figures[test.name] = figures or {}
        self.poisoned = self.poisoned or said.get("poisoned") is True
        if test in self._known:
            if outcome == "pass":
                return
            message = f"in a further process: {message}"
        wrong = said.get("wrong") is True
        # The list of GPUs holds their UUIDs, which are nobody's business; `run` makes facts of the rest.
        figures = {name: value for name, value in (figures or {}).items() if name != "gpus"}
        self.put(test, outcome, seconds=seconds, message=message, figures=figures, wrong=wrong)

    def put(self, test: Test, outcome: SmokeOutcome, **more: Any) -> None:  # noqa: ANN401
        """A result of this device."""
        target = self._target
        self._ledger.put(test, outcome, gpu=target.gpu, on_gpu=target.device != "cpu", **more)


def plain(text: object, longest: int = 600) -> str | None:
    """Foreign text as one printable line."""
    return _CONTROL.sub(" ", text)[:longest].strip() or None if isinstance(text, str) else None


def run_tests(
    target: Target, tests: Sequence[Test], ledger: Ledger, *, known: Sequence[Test] = ()
) -> dict[str, Mapping[str, Any]]:
    """Run them all, in as many children as it takes. `known` were done before. Gives the figures by test."""
    left = [one for one in tests if one not in (IMPORT, FIRST_TOUCH)]
    touches = [one for one in tests if one == FIRST_TOUCH]
    figures: dict[str, Mapping[str, Any]] = {}
    first = True
    while (left or first) and not ledger.closed.is_set():
        why = None if ledger.left() > 1.0 else "no time was left"
        if why is None:
            ahead = [*touches, *left]
            reader = _Reader({one.name: one for one in (IMPORT, *ahead)}, ledger, target, known=known)
            why = _one_child(target, ahead, ledger, reader)
            figures.update(reader.figures)
            left = [one for one in left if one.name not in reader.finished]
            first, known = False, (IMPORT, FIRST_TOUCH)
        else:
            ledger.out_of_time = True
        if why is not None:
            for test in left:
                ledger.put(test, "skip", gpu=target.gpu, on_gpu=target.device != "cpu", message=f"not reached: {why}")
            break
    return figures


def _one_child(target: Target, tests: Sequence[Test], ledger: Ledger, reader: _Reader) -> str | None:
    """Why nothing more can be tested here; None where another child may do what is left."""
    job = {**target.job, "device": target.device, "tests": [one.name for one in tests]}
    env = {"PYTHONDONTWRITEBYTECODE": "1", **target.env}
    argv = [target.python, "-", PROTOCOL, json.dumps(job)]
    try:
        done = target.host.run(argv, timeout=min(START, ledger.left()), env=env, stdin=child_script(), follow=reader)
    except TimedOut as late:
        return _late(reader, late, ledger)
    except Refusal as refusal:
        reader.put(IMPORT, "fail", message=plain(str(refusal)))
        return "the interpreter could not be started"
    if ledger.closed.is_set() or reader.done:
        return None
    return _lost(reader, done)


def _late(reader: _Reader, late: TimedOut, ledger: Ledger) -> str | None:
    seconds = round(time.monotonic() - reader.since, 3)
    test = reader.current or IMPORT
    over = ledger.left() <= 0.5
    hangs = late.stuck or (bool(late.idle) and not over)
    how = "it got nowhere any more" if late.idle else "it was still at work"
    message = f"no end within {seconds:.0f} s; {how}"
    if late.stuck:
        where = late.reason.partition("; ")[2] or "its process could not be killed"
        message = f"no end within {seconds:.0f} s; {where}: it waits in the driver and was left behind"
    elif over:
        message = f"this run's time was over after {seconds:.0f} s of it; {how}"
        ledger.out_of_time = True
    reader.put(test, "hang" if hangs else "timeout", seconds=seconds, message=plain(message))
    reader.finished[test.name] = "hang"
    if late.stuck:
        return "a process hangs in the driver and cannot be killed"
    return _stop(test.name)


def _lost(reader: _Reader, done: Completed) -> str | None:
    """A child that ended without saying so."""
    test = reader.current
    if test is None and reader.finished:
        before = next(reversed(reader.finished))
        if before in (IMPORT.name, FIRST_TOUCH.name) and reader.finished[before] != "pass":
            return _stop(before)
        # It said that its context is beyond use, and ended.
        return None if reader.poisoned else "the process ended without a word"
    test = test or IMPORT
    seconds = round(time.monotonic() - reader.since, 3)
    stderr = done.stderr[-65536:].decode("utf-8", "replace")
    fatal = _FATAL.search(stderr)
    name = _signal(done.returncode)
    message = f"the process was ended by {name}" if name else f"the process ended with status {done.returncode}"
    if name == "SIGKILL":
        message += " (the kernel does that where memory runs out)"
    words = fatal.group(1) if fatal else next((line for line in reversed(stderr.splitlines()) if line.strip()), "")
    reader.put(test, "crash", seconds=seconds, message=plain(f"{message}: {words}" if fatal or not name else message))
    reader.finished[test.name] = "crash"
    return _stop(test.name)


def _stop(name: str) -> str | None:
    """Why a test that was lost is the end; None where others may do."""
    if name == IMPORT.name:
        return "torch could not be imported"
    return "the device could not be used at all" if name == FIRST_TOUCH.name else None


def _signal(returncode: int) -> str | None:
    if returncode >= 0:
        return None
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
