"""A run of a plan taken back, the last step first. What cannot be taken back is told."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing import change, conditions, kept, packages, trees
from cudadoctor.executor.doing.change import Undone
from cudadoctor.executor.doing.kept import After, Before
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.files.target import Refused, Writer, look
from cudadoctor.executor.run import at_work, contents, mend, plan_journal, plan_step
from cudadoctor.executor.run.plan_journal import History, Record, RunFolder
from cudadoctor.executor.run.plan_run import Silent, Watcher, open_log
from cudadoctor.executor.run.plan_step import Bench, Failed
from cudadoctor.executor.system import programs
from cudadoctor.executor.system.machine import Machine, NoProgram
from cudadoctor.executor.system.sudo import Ticket
from cudadoctor.executor.verify import preflight
from cudadoctor.remedies.plan import Plan, PlanStep, Run

Without = Callable[[bytes], bytes]
"""Takes cudadoctor's block out of a file that was edited since."""


class TakenBack(Struct, frozen=True, kw_only=True):
    """What became of the newest thing that could be taken back."""

    state: Literal["undone", "failed", "interrupted", "nothing-to-do"]
    what: str = ""
    """In words: `shell --apply`, or the title of the plan."""
    items: tuple[Undone, ...] = ()
    """Files and directories; `ran` stands for a program and `purged` for packages, named in `path`."""
    lasting: tuple[str, ...] = ()
    """What stays, and why."""
    error: str | None = None
    log: str = ""
    journal: str = ""


def undo(
    machine: Machine, wanted: str | None = None, *, watcher: Watcher | None = None, without: Without = lambda data: data
) -> TakenBack:
    """Take the newest thing back that holds: a change of rc files, or a run of a plan; or the run that is named.

    Again: the one before it. Raises CudaDoctorError where nothing was begun. Broken off, the next one goes on with it.
    """
    journal = Journal(machine.state)
    if wanted is not None:
        folder: RunFolder | None = plan_journal.find(machine.state, wanted)
    else:
        folder = _newest(journal, machine.state)
    if folder is None:
        done = change.undo(journal, Writer(uid=machine.uid, home=machine.home), without)
        if done is None:
            return TakenBack(state="nothing-to-do")
        return TakenBack(state="undone", what=done[0], items=done[1])
    with journal.locked():
        history = folder.history()
        if history.state == "undone":
            raise CudaDoctorError(f"{wanted or folder.path}: is taken back already")
        at_work.refuse(folder, history, machine)
        return _run_back(folder, history, journal, machine, watcher or Silent(), without)


def next_plan(machine: Machine, wanted: str | None = None) -> Plan | None:
    """The plan whose run `undo` would take back, with the steps alone that there are of it to take back.

    None: it would be a change of rc files, or there is nothing. Raises CudaDoctorError where `wanted` is no run.
    """
    journal = Journal(machine.state)
    folder = _newest(journal, machine.state) if wanted is None else plan_journal.find(machine.state, wanted)
    if folder is None:
        return None
    plan, records = folder.plan(), folder.history().steps
    begun = [one for one in plan.steps if one.id in records and not records[one.id].undone and leaves_something(one)]
    return replace(plan, steps=tuple(begun))


def leaves_something(step: PlanStep) -> bool:
    """The smoke test leaves nothing that could be taken back."""
    return not isinstance(step.action, Run) or step.action.argv[:2] != ("cudadoctor", "smoke")


def _newest(journal: Journal, state: str) -> RunFolder | None:
    """The run to take back; None: there is none, or a change of rc files is newer."""
    for folder in plan_journal.all_runs(state):
        history = folder.history()
        if history.state == "undone":
            continue
        return folder if _latest_change(journal) <= history.at else None
    return None


def _latest_change(journal: Journal) -> str:
    """When the newest change of rc files was, that can be seen in them; "" where there is none."""
    for group in journal.open_groups():
        for entry in group:
            with contextlib.suppress(Refused):
                if look(entry.path).digest == entry.before:
                    continue
            return entry.at
    return ""


def _run_back(  # noqa: PLR0917
    folder: RunFolder, history: History, journal: Journal, machine: Machine, watcher: Watcher, without: Without
) -> TakenBack:
    plan = folder.plan()
    found = [(step, record) for name, record in history.steps.items() if (step := plan.step(name)) is not None]
    todo = [(step, record) for step, record in reversed(found) if not record.undone]
    preflight.verify_undo([step for step, _ in todo], machine, mending=mend.ours(plan, history))
    folder.add("state", state="undoing", boot=machine.boot())
    by_sudo = any(machine.by_sudo(needs_root=step.needs_root) for step, _ in todo)

    def say(line: str) -> None:
        with contextlib.suppress(OSError):
            watcher.output(line)

    with open_log(folder) as log, programs.Breaks() as breaks:
        bench = Bench(
            machine=machine,
            journal=journal,
            folder=folder,
            history=history,
            log=log,
            breaks=breaks,
            ticket=Ticket(machine, needed=by_sudo),
            say=say,
        )
        items: list[Undone] = []
        state: Literal["undone", "failed", "interrupted"] = "undone"
        error = None
        shown = [step for step, _ in todo if leaves_something(step)]
        for step, record in todo:
            if breaks.count:
                state, error = "interrupted", f"interrupted before {step.id}: `cudadoctor undo` goes on"
                break
            began = time.monotonic()
            with contextlib.suppress(OSError):
                if step in shown:
                    watcher.begin(step, shown.index(step) + 1, len(shown))
            mine: list[Undone] = []
            message = ""
            try:
                for item in _back(step, record, bench, without):
                    mine.append(item)
                    bench.note(f"{step.id}: {item.how} {item.path} {item.reason}".rstrip())
                folder.add("taken-back", step=step.id)
            except (CudaDoctorError, OSError) as failure:
                state = "interrupted" if breaks.count else "failed"
                message = str(failure)
                error = f"{step.title} ({step.id}) was not taken back: {message}: `cudadoctor undo` tries again"
            items += mine
            outcome = "failed" if error else "kept" if any(item.how == "kept" for item in mine) else "undone"
            with contextlib.suppress(OSError):
                if step in shown:
                    watcher.end(step, outcome, time.monotonic() - began, message)
            if error:
                break
        if error is None:
            folder.add("state", state="undone", boot=machine.boot())
    return TakenBack(
        state=state,
        what=plan.title,
        items=tuple(items),
        lasting=tuple(_lasting(found)),
        error=error,
        log=folder.log,
        journal=folder.path,
    )


def _lasting(found: list[tuple[PlanStep, Record]]) -> Iterator[str]:
    for step, record in found:
        if step.lasting is not None and record.outcome == "done":
            yield f"{step.title}: {step.lasting}"
        if record.after is not None and record.after.changed:
            yield f"{step.title}: these packages keep the version that they have now: {', '.join(record.after.changed)}"


def _back(step: PlanStep, record: Record, bench: Bench, without: Without) -> Iterator[Undone]:
    """Take one step back: programs, packages, files, and what it made. Raises what went wrong."""
    was = record.before or Before()
    if not record.outcome:
        mend.take_out(step, was, bench)
    left = record.after if record.outcome else None
    if record.outcome == "done" or conditions.done(step, bench.machine) is True:
        for action in step.undo:
            yield from _ran(action, step, bench)
    yield from _packages_back(step, was, left, bench)
    for file in reversed(was.files):
        after = left.files.get(file.path) if left is not None else None
        try:
            item = kept.give_back(file, after, bench.journal, bench.machine, without, needs_root=step.needs_root)
        except Refused as refused:
            item = Undone(path=file.path, how="kept", reason=str(refused))
        if item is not None:
            yield item
    for made in reversed(was.makes):
        item = _unmade(made, step, bench)
        if item is not None:
            yield item


def _ran(action: Run, step: PlanStep, bench: Bench) -> Iterator[Undone]:
    try:
        plan_step.run(action, f"undo {step.id}", bench)
    except NoProgram as error:
        if not error.missing:
            raise
        # What would take it back went away already, and its work with it, as far as can be known.
        yield Undone(path=shlex.join(action.argv), how="kept", reason=str(error))
        return
    yield Undone(path=shlex.join(action.argv), how="ran")


def _packages_back(step: PlanStep, was: Before, left: After | None, bench: Bench) -> Iterator[Undone]:
    family = packages.family_of(step.action.argv) if isinstance(step.action, Run) else None
    if family is None or was.packages is None:
        return
    now = packages.installed(family, bench.machine)
    came = packages.added(was.packages, now)
    names = came if left is None else tuple(name for name in left.packages if name in came)
    if not names:
        return
    leftover = [name for name in names if name in was.packages]
    try:
        removals = packages.removal(family, names, leftover, bench.machine)
    except Refused as refused:
        yield Undone(path=" ".join(names), how="kept", reason=str(refused))
        return
    for argv in removals:
        action = Run(argv=argv, why="undo", safety="system", needs_root=step.needs_root)
        plan_step.run(action, f"undo {step.id}", bench)
    still = [name for name in names if name in packages.added(was.packages, packages.installed(family, bench.machine))]
    if still:
        raise Failed(f"the packages {', '.join(still)} are still installed")
    yield Undone(path=" ".join(names), how="purged")


def _unmade(made: trees.Made, step: PlanStep, bench: Bench) -> Undone | None:
    root = step.needs_root
    newer = contents.strange(made, bench.history, step.id)
    if made.real in newer:
        return Undone(path=made.path, how="kept", reason="it came to be after this step had failed")
    inside = [path for path in newer if os.path.dirname(path) != made.real]
    try:
        if inside and not made.there:
            raise Refused(f"{made.path}: left where it is, as {inside[0]} came into it since")  # noqa: TRY301
        gone = trees.remove(
            made, bench.machine, needs_root=root, keep=frozenset(os.path.basename(path) for path in newer)
        )
    except Refused as refused:
        return Undone(path=made.path, how="kept", reason=str(refused))
    trees.remove_folders(made.folders, bench.machine, needs_root=root)
    if gone and newer:
        shown = ", ".join(os.path.basename(path) for path in newer[:5])
        return Undone(path=made.path, how="kept", reason=f"what came into it since is left: {shown}")
    return Undone(path=made.path, how="removed") if gone else None
