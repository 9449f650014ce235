"""The folder of one run of a plan: the plan, a line before and after each step, and the log.

`STATE/runs/<UTC time>-<id>/` holds plan.json, events.jsonl and log.txt, readable by the user only. `--resume` and
`undo` work from these alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from cudadoctor import files
from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing.kept import After, Before
from cudadoctor.executor.files import lines
from cudadoctor.executor.files.journal import JournalError, check_trust
from cudadoctor.remedies.plan import Plan

State = Literal["running", "applied", "waiting", "failed", "interrupted", "undoing", "undone"]
"""running: nothing was written after its steps: it was killed, or still runs. waiting: for a reboot, or a person."""


class Record(Struct, kw_only=True):
    """What the events say of one step."""

    before: Before | None = None
    """Of its first beginning: a second try begins with what the first one left."""
    after: After | None = None
    outcome: str = ""
    """Of its last end; "" where it did not end."""
    groups: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Process groups that were started for it, with when the first process was born."""
    undone: bool = False


class History(Struct, kw_only=True):
    """What the events of a run say."""

    state: State = "running"
    at: str = ""
    """UTC of the last thing that was done."""
    boot: str = ""
    """Of the machine, when the latest step ended that counts only after a reboot."""
    named: tuple[str, ...] = ()
    steps: dict[str, Record] = msgspec.field(default_factory=dict)
    shown: set[str] = msgspec.field(default_factory=set)
    """Steps that a person was told to do."""
    names: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """What lay in the directories that the run made, and came by it, after its last step."""
    last_boot: str = ""
    """Of the machine, when the run was last at work."""
    killed: bool = False
    """It ended without a word: what came to be after its last line may be its own."""

    def record(self, step: str) -> Record:
        """That of a step, a fresh one where there is none yet."""
        return self.steps.setdefault(step, Record())

    def done(self) -> tuple[str, ...]:
        """Ids of the steps that were done."""
        return tuple(name for name, record in self.steps.items() if record.outcome == "done" and not record.undone)


class RunFolder:
    """One run. Raises JournalError wherever the folder cannot be used."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.log = os.path.join(path, "log.txt")
        self._events = os.path.join(path, "events.jsonl")

    def add(self, event: str, **values: object) -> None:
        """Write a line; it is on the disk when this returns."""
        try:
            lines.append(self._events, {"event": event, "at": lines.now(), **values})
        except OSError as error:
            raise failed(self.path, error) from error

    def plan(self) -> Plan:
        """The plan, as it was when the run began."""
        try:
            check_trust(self.path)
            text = files.read_own(os.path.join(self.path, "plan.json"), lines.LIMIT)
            return msgspec.convert(json.loads(text), Plan)
        except OSError as error:
            raise failed(self.path, error) from error
        except (ValueError, msgspec.ValidationError) as error:
            raise JournalError(f"{self.path}/plan.json: is not a plan of this cudadoctor: {error}") from error

    def history(self) -> History:
        """What the events say. Lines that are torn or of another version are passed over."""
        found = History()
        check_trust(self.path)
        try:
            for line in lines.read(self._events):
                with contextlib.suppress(KeyError, TypeError, ValueError, msgspec.ValidationError):
                    _read(line, found)
        except OSError as error:
            raise failed(self.path, error) from error
        return found


def _read(line: dict[str, Any], found: History) -> None:
    event = line["event"]
    found.at = str(line["at"])
    found.last_boot = str(line.get("boot", found.last_boot))
    if event == "start":
        found.killed = True
        found.state, found.named = "running", (*found.named, *map(str, line.get("named", ())))
    elif event == "state":
        found.state = msgspec.convert(line["state"], State)
        found.killed = found.killed and found.state in ("undoing", "undone")
        found.names.update(msgspec.convert(line.get("names", {}), dict[str, list[str]]))
    elif event == "shown":
        found.shown.add(str(line["step"]))
    elif event == "begin":
        record = found.record(line["step"])
        record.before = record.before or msgspec.convert(line["before"], Before)
        record.outcome = ""
    elif event == "process":
        found.record(line["step"]).groups.append((int(line["pid"]), str(line["born"])))
    elif event == "end":
        record = found.record(line["step"])
        record.outcome, record.after = str(line["outcome"]), msgspec.convert(line["after"], After)
        found.names.update(msgspec.convert(line.get("names", {}), dict[str, list[str]]))
        if line.get("reboot"):
            found.boot = str(line["boot"])
    elif event == "taken-back":
        found.record(line["step"]).undone = True


def failed(path: str, error: OSError) -> JournalError:
    """The one line for a folder that cannot be used."""
    return JournalError(f"the run's folder {path} cannot be used: {error.strerror or error}")


def create(state: str, plan: Plan) -> RunFolder:
    """A folder for a new run, the plan in it. Raises JournalError."""
    check_trust(state)
    stamp = lines.now().replace("-", "").replace(":", "")
    path = os.path.join(state, "runs", f"{_after_the_others(state, stamp)}-{uuid.uuid4().hex[:8]}")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        os.mkdir(path, 0o700)
        # Bytes that are no UTF-8 stand in a plan as surrogates: as \udcff they pass through JSON.
        text = json.dumps(msgspec.to_builtins(plan), indent=1)
        with os.fdopen(
            os.open(os.path.join(path, "plan.json"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise failed(path, error) from error
    return RunFolder(path)


def _after_the_others(state: str, stamp: str) -> str:
    """The stamp, or one behind that of the newest run: names are the order of the runs, and a clock may go back."""
    newest = os.path.basename(runs[0].path) if (runs := all_runs(state)) else ""
    return stamp if f"{stamp}-" > newest else f"{newest.rpartition('-')[0]}~"


def all_runs(state: str) -> tuple[RunFolder, ...]:
    """Every run, the latest first."""
    folder = os.path.join(state, "runs")
    try:
        names = sorted(os.listdir(folder), reverse=True)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise failed(folder, error) from error
    whole = [name for name in names if os.path.isfile(os.path.join(folder, name, "events.jsonl"))]
    return tuple(RunFolder(os.path.join(folder, name)) for name in whole)


def half_made(state: str) -> dict[str, str]:
    """What steps that were broken off have made and nobody took back: path, and the folder of the run."""
    found: dict[str, str] = {}
    for run in all_runs(state):
        history = run.history()
        if history.state in ("applied", "undone"):
            continue
        for record in history.steps.values():
            if record.before is not None and record.outcome != "done" and not record.undone:
                found.update({made.path: run.path for made in record.before.makes if not made.there})
    return found


def find(state: str, wanted: str) -> RunFolder:
    """A run by its folder, its name or the end of its name. Raises CudaDoctorError."""
    runs = all_runs(state)
    path = os.path.abspath(wanted)
    fits = [run for run in runs if path in (run.path, os.path.join(run.path, "events.jsonl"))]
    fits = fits or [run for run in runs if "/" not in wanted and os.path.basename(run.path).endswith(wanted)]
    if len(fits) == 1:
        return fits[0]
    known = ", ".join(os.path.basename(run.path) for run in runs[:5])
    what = "is more than one run" if fits else "is no run"
    raise CudaDoctorError(
        f"{wanted}: {what} in {state}/runs: " + (f"the latest there are {known}" if known else "there is none")
    )


def builtins(value: object) -> Mapping[str, object]:
    """A struct as JSON takes it."""
    found: Mapping[str, object] = msgspec.to_builtins(value)
    return found
