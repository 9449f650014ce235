"""`cudadoctor.plan/1` of the contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import cudadoctor
from cudadoctor.remedies.plan import (
    AllOf,
    Condition,
    Exists,
    Fetch,
    HasHash,
    Plan,
    PlanStep,
    Prints,
    Run,
    Tell,
    WriteFile,
)
from cudadoctor.render.contract import dumps
from cudadoctor.render.plan import roles as plan_parts

SCHEMA = "cudadoctor.plan/1"
State = Literal["planned", "applied", "failed", "interrupted", "undone"]


def render(
    plan: Plan,
    *,
    holds: plan_parts.Holds | None = None,
    named: Collection[str] = (),
    state: State = "planned",
    outcomes: Mapping[str, str] | None = None,
    error: str | None = None,
    log: str | None = None,
    journal: str | None = None,
    waiting: Sequence[str] = (),
) -> str:
    """The plan as one JSON document, ASCII only, ending in a newline.

    `holds` is what was done before; `outcomes`, `error`, `log` and `journal` are of a run of it.
    """
    result = outcomes or {}
    return dumps(
        {
            "schema": SCHEMA,
            "tool": {"name": "cudadoctor", "version": cudadoctor.__version__},
            "for": {
                "command": plan.purpose.command,
                "request": dict(plan.purpose.request),
                "findings": list(plan.purpose.findings),
            },
            "title": plan.title,
            "state": state,
            "impossible": plan.impossible,
            "nothing_to_do": plan_parts.nothing_to_do(plan, holds or {}, named),
            "notes": list(plan.notes),
            "home": plan.home,
            "uid": plan.uid,
            "image": None if plan.image is None else {"base": plan.image.base, "why": plan.image.why},
            "enter": {"argv": list(plan.enter), "new_shell": plan.new_shell} if plan.enter else None,
            "steps": [_step(step, holds or {}, named, result.get(step.id)) for step in plan.steps],
            "error": error,
            "log": log,
            "journal": journal,
            "waiting": list(waiting),
        }
    )


def _step(
    step: PlanStep, holds: plan_parts.Holds, named: Collection[str], outcome: str | None
) -> dict[str, Any]:  # fmt: skip
    """Every step has all keys, so that a reader needs no cases: what a kind does not have is null."""
    action = step.action
    fetch = action if isinstance(action, Fetch) else None
    role = plan_parts.role(step, holds, named)
    return {
        "id": step.id,
        "title": step.title,
        "why": step.why,
        "kind": action.kind,
        "argv": list(action.argv) if isinstance(action, Run) else None,
        "path": action.path if isinstance(action, WriteFile | Fetch) else None,
        "text": action.text if isinstance(action, WriteFile | Tell) else None,
        "delete": action.delete if isinstance(action, WriteFile) else None,
        "url": None if fetch is None else fetch.url,
        "digest": None if fetch is None or fetch.digest is None else f"{fetch.algorithm}:{fetch.digest}",
        "size_mib": None if fetch is None else fetch.size_mib,
        "needs": list(step.needs),
        "safety": step.safety,
        "needs_root": step.needs_root,
        "by_name": role == "by-name" or step.by_name,
        "network": list(step.network),
        "disk_mib": step.disk_mib,
        "disk_at": step.disk_at,
        "reboot": step.reboot,
        "done": holds.get(step.id),
        "done_when": None if step.done_when is None else _condition(step.done_when),
        "outcome": outcome,
        "undo": {
            "commands": [{"argv": list(one.argv), "needs_root": one.needs_root} for one in step.undo],
            "removes": list(step.makes),
            "gives_back": [*step.touches, *([action.path] if isinstance(action, WriteFile) else [])],
            "packages": step.packages,
            "stays": step.lasting,
        },
        "source": step.source and {
            "title": step.source.title, "url": step.source.url, "read_on": step.source.read_on,
        },
    }  # fmt: skip


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Prints):
        return {"kind": "prints", "argv": list(condition.argv), "text": condition.text}
    if isinstance(condition, Exists):
        return {"kind": "exists", "path": condition.path, "what": condition.what}
    if isinstance(condition, HasHash):
        return {"kind": "hash", "path": condition.path, "digest": f"{condition.algorithm}:{condition.digest}"}
    assert isinstance(condition, AllOf)
    return {"kind": "all", "conditions": [_condition(one) for one in condition.conditions]}
