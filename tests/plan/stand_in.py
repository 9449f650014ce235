"""The command line over stand-ins for the planner and the executor: `python -m tests.plan.stand_in ARGUMENTS`.

STAND_IN in the environment says what they give: {"plan": NAME, "holds": {…}, "state": …, "error": …, "slow": seconds}.
What they were asked goes to the file that STAND_IN_LOG names.
"""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

from cudadoctor.api import plans as api_plan
from cudadoctor.cli import app
from cudadoctor.errors import CudaDoctorError
from tests.plan import plans

WANTED: dict[str, Any] = json.loads(os.environ.get("STAND_IN", "{}"))
PLAN = plans.ALL[WANTED.get("plan", "venv")]


class Objected(CudaDoctorError):  # noqa: N818  as the executor names it
    """As the executor's."""

    objections: tuple[str, ...] = ()


def log(name: str, **values: object) -> None:
    with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"asked": name, **values}, default=repr) + "\n")


def plan_install(host: object, asked: Any, *, timeout: float, progress: object) -> object:
    options = {name: getattr(asked, name) for name in asked.__struct_fields__ if name != "words"}
    words = {name: getattr(asked.words, name) for name in asked.words.__struct_fields__}
    log("plan_install", host=type(host).__name__, options=options, words=words, timeout=timeout)
    return PLAN


def plan_fix(host: object, named: object, *, pasted: bytes | None, timeout: float, progress: object) -> object:
    log("plan_fix", host=type(host).__name__, named=named, pasted=pasted)
    return plans.FIX


def holds(plan: object) -> dict[str, bool | None]:
    given = WANTED.get("holds", {})
    return plans.all_hold(PLAN) if given == "all" else given


def run(plan: Any, watcher: Any) -> object:
    state = WANTED.get("state", "applied")
    outcomes: dict[str, str] = {}
    for number, step in enumerate(plan.steps, 1):
        watcher.begin(step, number, len(plan.steps))
        watcher.output("some \x1b[31moutput\x1b[0m\x07")
        time.sleep(WANTED.get("slow", 0))
        last = number == len(plan.steps)
        outcomes[step.id] = (
            "shown"
            if step.manual or "only_shown" in WANTED
            else "failed"
            if (state == "failed" or "failing" in WANTED) and last
            else "done"
        )
        watcher.end(step, outcomes[step.id], 2.0, "it broke" if outcomes[step.id] == "failed" else "")
    return SimpleNamespace(
        state=state, plan=plan, outcomes=outcomes, error=WANTED.get("error"), log="/state/log", journal="/state/run",
        waiting=tuple(WANTED.get("waiting", ())), note=WANTED.get("note"),
    )  # fmt: skip


def apply_plan(host: object, plan: Any, *, watcher: Any) -> object:
    log("apply_plan")
    if "objects" in WANTED:
        error = Objected("nothing was changed: " + "; ".join(WANTED["objects"]))
        error.objections = tuple(WANTED["objects"])
        raise error
    return run(plan, watcher)


def resume(host: object, *, watcher: Any) -> object:
    log("resume")
    return run(PLAN, watcher)


def unfinished(host: object) -> object:
    name = WANTED.get("unfinished")
    return None if name is None else SimpleNamespace(plan=plans.ALL[name], waits=WANTED.get("waits", False))


def next_to_undo(host: object, journal: str | None) -> object:
    return PLAN


def undo(host: object, journal: str | None, *, watcher: Any) -> object:
    log("undo", journal=journal)
    items = (
        SimpleNamespace(path="/home/me/torch", how="removed", reason=""),
        SimpleNamespace(path="/home/me/.bashrc", how="kept", reason=WANTED.get("kept", "it is as it was before")),
    )
    state = WANTED.get("state", "undone")
    return SimpleNamespace(
        state=state, what=PLAN.title, items=items, lasting=("Install: the lists stay",), error=WANTED.get("error"),
        log="/state/log", journal="/state/run",
    )  # fmt: skip


if __name__ == "__main__":
    for one in (plan_install, plan_fix, holds, apply_plan, resume, unfinished, next_to_undo, undo):
        setattr(api_plan, one.__name__, one)
    sys.exit(app.run(sys.argv[1:]))
