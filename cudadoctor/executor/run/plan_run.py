"""A plan carried out: look, verify all, then step by step with the journal before and after each."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import IO, Literal, Protocol

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing import conditions
from cudadoctor.executor.doing.fetch import AGAIN
from cudadoctor.executor.doing.kept import After
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.run import at_work, mend, plan_journal, plan_step, unfinished
from cudadoctor.executor.run.contents import Contents
from cudadoctor.executor.run.plan_journal import History, RunFolder
from cudadoctor.executor.run.plan_needs import Course
from cudadoctor.executor.run.plan_step import Bench, Failed
from cudadoctor.executor.system import programs
from cudadoctor.executor.system.machine import Machine
from cudadoctor.executor.system.sudo import Ticket
from cudadoctor.executor.verify import preflight
from cudadoctor.remedies.plan import Plan, PlanStep


class Watcher(Protocol):
    """Is told of what happens, as it happens. What it raises as OSError is passed over."""

    def begin(self, step: PlanStep, number: int, total: int) -> None:
        """A step begins."""

    def output(self, line: str) -> None:
        """The running program printed a line."""

    def end(self, step: PlanStep, outcome: str, seconds: float, message: str = "") -> None:
        """A step ended: done, held, shown, failed, interrupted, undone or kept."""


class Silent:
    """Listens to nothing."""

    def begin(self, step: PlanStep, number: int, total: int) -> None:
        """See Watcher."""

    def output(self, line: str) -> None:
        """See Watcher."""

    def end(self, step: PlanStep, outcome: str, seconds: float, message: str = "") -> None:
        """See Watcher."""


class Applied(Struct, frozen=True, kw_only=True):
    """What became of a plan."""

    state: Literal["applied", "failed", "interrupted", "nothing-to-do"]
    plan: Plan
    outcomes: Mapping[str, str]
    """By step id: done, held (it was done already), shown (for a person, or waiting for one), failed. Those that were
    not come to are not in it."""
    error: str | None
    """One line: which step, what is wrong, what to do."""
    log: str
    """Path of the log; "" where nothing was to do."""
    journal: str
    """Path of the run's folder: `undo JOURNAL` takes it; "" where nothing was to do."""
    waiting: tuple[str, ...] = ()
    """Steps that wait for a reboot or for what a person has to do; then `--resume` does them."""
    note: str | None = None
    """What to do next, in one line."""


def apply(machine: Machine, plan: Plan, *, named: Sequence[str] = (), watcher: Watcher | None = None) -> Applied:
    """Do what is not done yet.

    `named`: findings or step ids that the user named. Raises preflight.Objected, JournalError and other CudaDoctorError
    where the plan was not begun: nothing was changed then. What fails later is in the answer.
    """
    course = Course(plan, conditions.look_at(plan, machine), tuple(named), History(), machine)
    if course.nothing_to_do():
        return _nothing(course, watcher or Silent())
    journal = Journal(machine.state)
    with journal.locked():
        preflight.verify(plan, course.todo(), machine, {}, broken_off=plan_journal.half_made(machine.state))
        folder = plan_journal.create(machine.state, plan)
        folder.add("start", named=list(named), boot=machine.boot())
        return _go(course, journal, folder, watcher or Silent())


def resume(machine: Machine, *, watcher: Watcher | None = None) -> Applied:
    """Go on with the newest run that did not come to its end. Raises as `apply` does, and where there is none."""
    journal = Journal(machine.state)
    with journal.locked():
        folder, history = unfinished.newest(machine.state)
        at_work.refuse(folder, history, machine)
        plan = folder.plan()
        looked = conditions.look_at(plan, machine, history.done())
        course = Course(plan, looked, history.named, history, machine)
        earlier = {name: record.before for name, record in history.steps.items() if record.before is not None}
        written = [one.path for name in history.done() if name in earlier for one in earlier[name].files]
        mending = mend.ours(plan, history)
        preflight.verify(plan, course.todo(), machine, earlier, written=written, mending=mending)
        folder.add("start", named=[], boot=machine.boot())
        return _go(course, journal, folder, watcher or Silent())


def _nothing(course: Course, watcher: Watcher) -> Applied:
    outcomes = {step.id: "shown" if course.is_shown(step) else "held" for step in course.plan.steps}
    total = len(course.plan.steps)
    for number, step in enumerate(course.plan.steps, 1):
        with contextlib.suppress(OSError):
            watcher.begin(step, number, total)
            again = outcomes[step.id] == "held" and not conditions.knows(step)  # a test is done when something is
            message = "not run again" if again else course.why_shown(step) or ""
            watcher.end(step, outcomes[step.id], 0.0, message)
    note = "all of it is done already: nothing was changed"
    return Applied(
        state="nothing-to-do", plan=course.plan, outcomes=outcomes, error=None, log="", journal="", note=note
    )


def _go(course: Course, journal: Journal, folder: RunFolder, watcher: Watcher) -> Applied:
    machine = course.machine
    by_sudo = any(machine.by_sudo(needs_root=step.needs_root) for step in course.todo())

    def say(line: str) -> None:
        with contextlib.suppress(OSError):
            watcher.output(line)

    with open_log(folder) as log, programs.Breaks() as breaks:
        bench = Bench(
            machine=machine,
            journal=journal,
            folder=folder,
            history=course.history,
            log=log,
            breaks=breaks,
            ticket=Ticket(machine, needed=by_sudo),
            say=say,
        )
        return _Walk(course, bench, watcher).to_the_end()


def open_log(folder: RunFolder) -> IO[bytes]:
    """The log of a run, to be added to. Raises JournalError."""
    try:
        descriptor = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise plan_journal.failed(folder.path, error) from error
    return os.fdopen(descriptor, "wb", buffering=0)


class _Walk:
    """The steps in their order."""

    def __init__(self, course: Course, bench: Bench, watcher: Watcher) -> None:
        self._course, self._bench, self._watcher = course, bench, watcher
        self._outcomes: dict[str, str] = {}
        self._contents = Contents(bench.history)

    def to_the_end(self) -> Applied:
        total = len(self._course.plan.steps)
        for number, step in enumerate(self._course.plan.steps, 1):
            if self._bench.breaks.count:
                return self._stopped("interrupted", f"interrupted before {step.id}; {self._kept()}")
            began, broken = time.monotonic(), False
            with contextlib.suppress(OSError):  # the terminal was closed
                self._watcher.begin(step, number, total)
            try:
                outcome, message = self._one(step)
            except (CudaDoctorError, OSError) as error:
                outcome, message = "failed", _line(error)
                broken = self._bench.breaks.count > 0 or (isinstance(error, Failed) and error.interrupted)
            self._outcomes[step.id] = outcome
            self._course.came_to(step, outcome)
            seconds = time.monotonic() - began
            with contextlib.suppress(OSError):
                self._watcher.end(step, "interrupted" if broken else outcome, seconds, message)
            if outcome == "failed":
                return self._stopped(
                    "interrupted" if broken else "failed",
                    f"{step.title} ({step.id}): {message.removesuffix(AGAIN)}; {self._kept()}",
                )
        return self._finished()

    def _kept(self) -> str:
        command = self._course.plan.purpose.command
        return f"what was done is kept: `cudadoctor {command} --resume` goes on, `cudadoctor undo` takes it back"

    def _one(self, step: PlanStep) -> tuple[str, str]:
        """Outcome and message. Raises what is wrong."""
        bench, course = self._bench, self._course
        reason = course.why_shown(step)
        if reason is not None:
            bench.folder.add("shown", step=step.id)
            return "shown", reason
        record = bench.history.record(step.id)
        again = record.before is not None
        if course.holds(step):
            if record.before is not None and not record.outcome:  # killed before its end was written down
                self._end(step, "done", plan_step.after(step, record.before, bench.machine), "")
            return "held", ""
        if not again:
            self._still_free(step)
        was = plan_step.begin(step, bench)
        self._contents.begun(was.makes)
        try:
            if again:
                mend.go_on(step, was, bench)
            plan_step.act(step, bench)
            self._came_to_be(step)
        except (CudaDoctorError, OSError) as error:
            with contextlib.suppress(CudaDoctorError):  # what went wrong first is what is told
                self._end(step, "failed", plan_step.after(step, was, bench.machine), _line(error))
            raise
        self._end(step, "done", plan_step.after(step, was, bench.machine), "")
        return "done", ""

    def _still_free(self, step: PlanStep) -> None:
        """Raises Failed where somebody has made something at the step's place since the plan was looked at.

        `conda create -y` would replace an environment that is there.
        """
        found = list(preflight.in_the_way(step, {made.path for made in self._contents.makes()}))
        if found:
            raise Failed(found[0])

    def _came_to_be(self, step: PlanStep) -> None:
        """Raises Failed where the step's own condition does not hold after it."""
        own = conditions.own(step, self._course.plan)
        if any(conditions.holds(one, self._bench.machine) is False for one in own):
            raise Failed("it ran without an error, but had no effect")

    def _end(self, step: PlanStep, outcome: str, left: After, message: str) -> None:
        record = self._bench.history.record(step.id)
        record.outcome, record.after = outcome, left
        self._bench.folder.add(
            "end",
            step=step.id,
            outcome=outcome,
            after=plan_journal.builtins(left),
            message=message,
            reboot=step.reboot,
            boot=self._bench.machine.boot(),
            names=self._contents.names(),
        )
        self._bench.note(f"{step.id}: {outcome} {message}".rstrip())

    def _stopped(self, state: Literal["failed", "interrupted"], error: str) -> Applied:
        with contextlib.suppress(CudaDoctorError):
            self._close(state)
        return self._answer(state, error)

    def _finished(self) -> Applied:
        waiting = self._course.waiting()
        try:
            self._close("waiting" if waiting else "applied")
        except CudaDoctorError as error:
            return self._answer("failed", f"all steps were done, and the journal could not be closed: {error}")
        return self._answer("applied", None, waiting, self._course.next_line())

    def _close(self, state: str) -> None:
        self._bench.folder.add("state", state=state, names=self._contents.names(), boot=self._bench.machine.boot())

    def _answer(
        self,
        state: Literal["applied", "failed", "interrupted"],
        error: str | None,
        waiting: tuple[str, ...] = (),
        note: str | None = None,
    ) -> Applied:
        folder = self._bench.folder
        return Applied(
            state=state,
            plan=self._course.plan,
            outcomes=dict(self._outcomes),
            error=error,
            log=folder.log,
            journal=folder.path,
            waiting=waiting,
            note=note,
        )


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, CudaDoctorError):
        name = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{name}{error.strerror or error}"
    return str(error)
