"""`cudadoctor.plan/1` keeps its contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.remedies.plan import Plan
from cudadoctor.render.plan import json as plan_json
from tests.plan.plans import ALL, FIX, REFERENCE, VENV, all_hold

SCHEMA = Path(__file__).parents[2] / "docs" / "plan.schema.json"


def checked(text: str) -> dict[str, Any]:
    import jsonschema  # type: ignore[import-untyped]

    value = json.loads(text)
    assert isinstance(value, dict)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]
    assert errors == []
    return value


@pytest.mark.parametrize("plan", ALL.values(), ids=ALL)
def test_every_plan_satisfies_the_schema(plan: Plan) -> None:
    found = checked(plan_json.render(plan))
    assert found["schema"] == "cudadoctor.plan/1"
    assert found["state"] == "planned"
    assert [step["id"] for step in found["steps"]] == [step.id for step in plan.steps]


def test_the_schema_refuses_what_is_wrong() -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    value = json.loads(plan_json.render(REFERENCE))
    value["steps"][0]["argv"] = None
    value["steps"][1].pop("needs")
    value["state"] = "done"
    assert len(list(validator.iter_errors(value))) == 3


def test_a_step_has_all_that_the_contract_names() -> None:
    found = checked(plan_json.render(REFERENCE, holds={"driver-install": True, "conda-install": False}))
    assert found["for"] == {
        "command": "install", "request": {"cuda": "10.1", "manager": "conda", "env": "torch"}, "findings": [],
    }  # fmt: skip
    steps = {step["id"]: step for step in found["steps"]}
    driver, reboot, key = steps["driver-install"], steps["driver-reboot"], steps["toolkit-key"]
    assert (driver["kind"], driver["done"], driver["needs_root"], driver["safety"]) == ("run", True, True, "system")
    assert driver["undo"]["packages"] is True
    assert (reboot["kind"], reboot["argv"], reboot["safety"], reboot["needs"]) == (
        "tell", None, "manual", ["driver-install"],
    )  # fmt: skip
    assert key["done_when"] == {"kind": "hash", "path": key["undo"]["removes"][0], "digest": f"sha256:{'0' * 64}"}
    assert steps["conda-install"]["done"] is False
    assert steps["smoke"]["done"] is None
    fetch = steps["conda-download"]
    assert (fetch["kind"], fetch["digest"]) == ("fetch", f"sha256:{'a' * 64}")
    assert steps["shell-lines"]["undo"]["gives_back"] == [steps["shell-lines"]["path"]]


def test_a_run_has_its_outcome() -> None:
    found = checked(
        plan_json.render(
            VENV,
            holds={"env-create": True},
            state="failed",
            outcomes={"env-create": "held", "torch-install": "failed"},
            error="step torch-install: the disk is full",
            log="/l",
            journal="/j",
        )
    )
    assert [step["outcome"] for step in found["steps"]] == ["held", "failed", None]
    assert (found["state"], found["log"], found["journal"]) == ("failed", "/l", "/j")
    assert not found["nothing_to_do"]
    assert checked(plan_json.render(VENV, holds=all_hold(VENV)))["nothing_to_do"]


def test_unnamed_fixes_say_so() -> None:
    uvm = checked(plan_json.render(FIX))["steps"][1]
    assert uvm["by_name"]


def test_how_the_environment_is_entered() -> None:
    found = checked(plan_json.render(ALL["venv"]))
    assert found["enter"] == {"argv": ["source", "/home/me/torch/bin/activate"], "new_shell": False}
    assert checked(plan_json.render(ALL["fix"]))["enter"] is None
