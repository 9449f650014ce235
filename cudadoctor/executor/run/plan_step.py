"""One step of a plan done, with what was there before noted first."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing import fetch, kept, packages, trees
from cudadoctor.executor.doing.change import as_text, content
from cudadoctor.executor.doing.kept import After, Before
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.files.target import Refused, digest, look
from cudadoctor.executor.run import contents
from cudadoctor.executor.run.plan_journal import History, RunFolder, builtins
from cudadoctor.executor.system import processes, programs
from cudadoctor.executor.system.machine import Machine, command
from cudadoctor.executor.system.sudo import Ticket
from cudadoctor.remedies.plan import Fetch, PlanStep, Run, WriteFile

_SHOWN = 3
"""Last lines of a program that a message holds."""
_WRONG = re.compile(
    r"error|\b(?:E|err|fatal):|fail|cannot|could not|unable|denied|refused|no space|not found|no such|unmet|conflict",
    re.IGNORECASE,
)
"""A line that says what went wrong: conda prints its plan after it, apt its summary."""


class Failed(CudaDoctorError):  # noqa: N818  the text says what failed
    """A step did not do what it was to."""

    interrupted = False


class Bench(Struct, frozen=True, kw_only=True):
    """What every step works with."""

    machine: Machine
    journal: Journal
    folder: RunFolder
    history: History
    log: IO[bytes]
    breaks: programs.Breaks
    ticket: Ticket
    say: Callable[[str], None]

    def note(self, text: str) -> None:
        """A line of our own in the log."""
        with contextlib.suppress(OSError):
            self.log.write(f"== {text}\n".encode("utf-8", "backslashreplace"))


def begin(step: PlanStep, bench: Bench) -> Before:
    """Note what is there, on the disk before anything is done. Raises CudaDoctorError.

    A second try begins with what the first one noted, and with what that one had made removed.
    """
    record = bench.history.record(step.id)
    was = record.before
    if was is not None:
        clear(step, was, bench)
    else:
        was = kept.before(step, bench.journal, _packages(step, bench.machine))
        record.before = was
    bench.folder.add("begin", step=step.id, before=builtins(was), boot=bench.machine.boot())
    record.outcome = ""
    return was


def clear(step: PlanStep, was: Before, bench: Bench) -> None:
    """Remove what a try that was broken off had made. What is fetched in part stays: it is gone on with.

    Raises Refused where somebody else has put something there since.
    """
    if isinstance(step.action, Fetch):
        return
    for made in was.makes:
        newer = contents.strange(made, bench.history, step.id)
        if newer:
            raise Refused(f"{newer[0]}: came to be since this step was tried, and is not removed: move it away")
    for made in reversed(was.makes):
        trees.remove(made, bench.machine, needs_root=step.needs_root)


def after(step: PlanStep, was: Before, machine: Machine) -> After:
    """What the step left. Where the packages cannot be asked they are not known to be new."""
    files = kept.hashes(was)
    if was.packages is None:
        return After(files=files)
    try:
        now = _packages(step, machine) or {}
    except Refused:
        return After(files=files)
    return After(files=files, packages=packages.added(was.packages, now), changed=packages.changed(was.packages, now))


def _packages(step: PlanStep, machine: Machine) -> Mapping[str, str] | None:
    family = packages.family_of(step.action.argv) if step.packages and isinstance(step.action, Run) else None
    return None if family is None else packages.installed(family, machine)


def act(step: PlanStep, bench: Bench) -> None:
    """Do it. Raises CudaDoctorError with what is wrong, and OSError."""
    action = step.action
    if isinstance(action, Run):
        run(action, step.id, bench)
    elif isinstance(action, WriteFile):
        kept.write(_rebased(action, step, bench), bench.machine)
    elif isinstance(action, Fetch):
        _fetch(action, bench)


def run(action: Run, name: str, bench: Bench) -> None:
    """Run a program for the step of that id. Raises Failed, NoProgram or OSError."""
    machine = bench.machine
    bench.ticket.renew()
    wanted = command(action.argv, machine, needs_root=action.needs_root)
    bench.note(f"{name}: {shlex.join(wanted.argv)}")
    output = programs.Output(bench.log, bench.say)

    def started(pid: int) -> None:
        bench.folder.add("process", step=name, pid=pid, born=processes.born(pid))

    ended = programs.run(wanted, output=output, breaks=bench.breaks, started=started, tick=bench.ticket.tick)
    bench.note(f"{name}: ended with {ended.returncode}")
    if ended.left is not None:
        error = Failed(f"{wanted.name} cannot be ended and was left behind: process {ended.left}")
        error.interrupted = True
        raise error
    if ended.returncode == 0:
        return
    said = " | ".join(telling(ended.tail))
    code = ended.returncode or 0
    how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    if ended.interrupted and code < 0:
        how, said = "was interrupted", ""  # what it said last is no reason
    error = Failed(f"{wanted.name} {how}" + (f": {said}" if said else ""))
    error.interrupted = ended.interrupted
    raise error


def telling(tail: Sequence[str]) -> tuple[str, ...]:
    """The last lines that say what went wrong, each once; where none is of that kind, the last ones."""
    wrong = tuple(dict.fromkeys(line.strip() for line in tail if _WRONG.search(line)))
    return (wrong or tuple(line.strip() for line in tail))[-_SHOWN:]


def _fetch(action: Fetch, bench: Bench) -> None:
    machine = bench.machine
    by_sudo = machine.by_sudo(needs_root=action.needs_root)
    place = os.path.join(bench.folder.path, "fetched") if by_sudo else action.path
    wanted = fetch.Wanted(
        url=action.url,
        path=place,
        digest=action.digest,
        algorithm=action.algorithm,
        size_mib=action.size_mib,
        plain_http=machine.plain_http,
    )
    bench.note(f"fetch {action.url}")
    try:
        with bench.breaks.raising():
            found = fetch.fetch(wanted, fetch.told(2.0, bench.say))
    except KeyboardInterrupt:
        error = Failed(f"{action.url}: interrupted")
        error.interrupted = True
        raise error from None
    if action.digest is None:
        bench.say(f"nothing was published to compare with: its {action.algorithm} is {found}")
    if by_sudo:
        kept.put_file(place, action.path, 0o644, machine)
        os.unlink(place)


def _rebased(action: WriteFile, step: PlanStep, bench: Bench) -> WriteFile:
    """The same change on what an earlier step of this run made of the file (`conda init` before the block of lines).

    Only where the plan puts something before or after what there was; else it is left to be refused.
    """
    was = bench.history.record(step.id).before
    target = look(action.path)
    if action.before is None or target.digest == action.before or target.data is None or was is None or action.delete:
        return action
    backups = [
        one.backup
        for name, record in bench.history.steps.items()
        if name != step.id and record.before is not None and record.outcome == "done"
        for one in record.before.files
        if one.real == target.real and one.digest == action.before
    ]
    ours = any(
        record.after is not None and target.digest in record.after.files.values()
        for name, record in bench.history.steps.items()
        if name != step.id
    )
    if not backups or not ours:
        return action
    old = b"" if backups[0] is None else bench.journal.kept(backups[0])
    new = content(action)
    if new.startswith(old):
        data = target.data + (b"" if target.data.endswith(b"\n") else b"\n") + new[len(old) :]
    elif new.endswith(old):
        data = new[: len(new) - len(old)] + target.data
    else:
        return action
    return WriteFile(
        path=action.path,
        text=as_text(data),
        why=action.why,
        safety=action.safety,
        needs_root=action.needs_root,
        before=digest(target.data),
    )
