"""The newest run that did not come to its end: what there is to go on with."""

from __future__ import annotations

import contextlib

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.run import plan_journal
from cudadoctor.executor.run.plan_journal import History, RunFolder
from cudadoctor.executor.system.machine import Machine
from cudadoctor.remedies.plan import Plan


class Unfinished(Struct, frozen=True, kw_only=True):
    """The run that `resume` would go on with."""

    plan: Plan
    waits: bool
    """It was not broken off: it waits for a reboot or for what a person has to do."""


def look(machine: Machine) -> Unfinished | None:
    """The newest run that did not come to its end, where there is one that can be read. Only looks."""
    with contextlib.suppress(CudaDoctorError):
        folder, history = newest(machine.state)
        if history.state == "running":
            with Journal(machine.state).locked():
                pass  # another one may be at work on it just now: then this raises
        return Unfinished(plan=folder.plan(), waits=history.state == "waiting")
    return None


def newest(state: str) -> tuple[RunFolder, History]:
    """Its folder and what happened. Raises CudaDoctorError where there is none."""
    for folder in plan_journal.all_runs(state):
        history = folder.history()
        if history.state == "undoing":
            raise CudaDoctorError(f"{folder.path}: is being taken back: `cudadoctor undo` goes on with that")
        if history.state in ("running", "waiting", "failed", "interrupted"):
            return folder, history
        if history.state == "applied":
            break
    raise CudaDoctorError(f"there is nothing to go on with: no run in {state}/runs was broken off")
