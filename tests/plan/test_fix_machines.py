"""A plan for every machine of the catalogue: what holds for all of them."""

from __future__ import annotations

import posixpath
from functools import cache

import pytest

from cudadoctor.api import examine as api
from cudadoctor.api import fix as api_fix
from cudadoctor.api import plans as api_plan
from cudadoctor.checks.engine.base import Severity
from cudadoctor.remedies.plan import AllOf, Condition, Exists, Plan, PlanStep, Prints, Run, Tell, WriteFile, problems
from cudadoctor.report.model import Report
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE, FAULTY, HEALTHY, Planted

every = pytest.mark.parametrize("planted", CATALOGUE.values(), ids=CATALOGUE)
faulty = pytest.mark.parametrize("planted", FAULTY, ids=lambda one: one.machine.name)
NOT_FOR_A_PROGRAM = {"sudo", "su", "doas", "pkexec"}


@cache
def made(name: str) -> tuple[Report, Plan]:
    """The report on a machine, and the plan from it."""
    host = build(CATALOGUE[name].machine)
    report = api.examine_host(host, api.Request())
    return report, api_fix.plan_fix_of(report, host=host)


def runs(plan: Plan) -> list[tuple[PlanStep, Run]]:
    """Every program of a plan, those that take it back too."""
    found = [(step, step.action) for step in plan.steps if isinstance(step.action, Run)]
    return found + [(step, run) for step in plan.steps for run in step.undo]


def conditions(condition: Condition | None) -> list[Condition]:
    """A condition and its parts."""
    if isinstance(condition, AllOf):
        return [part for one in condition.conditions for part in conditions(one)]
    return [] if condition is None else [condition]


@every
def test_the_plan_is_sound(planted: Planted) -> None:
    report, plan = made(planted.machine.name)
    assert list(problems(plan)) == []
    assert plan.purpose.command == "fix"
    assert (plan.home, plan.uid) == (planted.machine.home, planted.machine.uid)
    for step in plan.steps:
        assert step.title
        assert step.why
        assert "\n" not in step.title
        assert all(word.isalnum() and word == word.lower() for word in step.id.split("-")), step.id
    assert "bug in cudadoctor" not in str(report.remedies)


@every
def test_planned_twice_it_is_the_same(planted: Planted) -> None:
    host = build(planted.machine)
    assert api_plan.plan_fix(host) == made(planted.machine.name)[1]


@every
def test_every_root_cause_is_cured_or_told_and_nothing_else_is_planned(planted: Planted) -> None:
    report, plan = made(planted.machine.name)
    causes = [one for one in report.findings if not one.because_of and one.name in report.root_causes]
    assert {one.id for one in causes if one.severity > Severity.INFO} <= set(plan.purpose.findings)
    symptoms = {one.name for one in report.findings if one.because_of} - set(report.root_causes)
    owners = {step.id.rpartition("-")[0] for step in plan.steps if step.id not in ("reboot", "smoke", "new-shell")}
    assert not owners & symptoms
    for name in planted.root_causes:
        about = [step for step in plan.steps if step.id.startswith(f"{name}-")]
        assert about or any(step.id == "reboot" for step in plan.steps), name
    if planted.root_causes:
        assert plan.title != "Nothing to fix"


@every
def test_programs_are_such_that_can_be_run(planted: Planted) -> None:
    for step, run in runs(made(planted.machine.name)[1]):
        assert run.argv
        assert posixpath.basename(run.argv[0]) not in NOT_FOR_A_PROGRAM
        assert all(word and not set(word) & set("\n\r\0") for word in run.argv), run.argv
        assert run.needs_root == (run.safety == "system") or run.safety == "manual", run.argv
        for condition in conditions(step.done_when):
            assert isinstance(condition, Prints | Exists)
        if "apt-get" in run.argv and run.argv != ("apt-get", "update"):
            assert run.argv[:2] == ("env", "DEBIAN_FRONTEND=noninteractive")
            assert "-y" in run.argv


@every
def test_nothing_of_the_users_is_deleted_or_changed_unasked(planted: Planted) -> None:
    report, plan = made(planted.machine.name)
    there = {env.prefix for env in report.facts.envs or ()}
    for step in plan.steps:
        assert not there & set(step.makes), "undo removes what a step makes"
        if isinstance(step.action, WriteFile):
            assert not step.action.delete
            assert step.action.path not in step.makes
        if step.safety == "system" and not step.manual:
            assert step.by_name
        if isinstance(step.action, Run) and not step.by_name and not step.manual:
            assert not step.needs_root
            words = step.action.argv
            assert not {"rm", "remove", "--purge", "purge"} & {posixpath.basename(word) for word in words}
    for _, run in runs(plan):
        assert "env" not in run.argv[1:] or "remove" not in run.argv, "conda env remove"


@every
def test_what_comes_behind_an_unasked_step_is_not_done_either(planted: Planted) -> None:
    plan = made(planted.machine.name)[1]
    asked = {step.id for step in plan.steps if step.by_name}
    for step in plan.steps:
        if not isinstance(step.action, Tell) and asked & set(step.needs):
            assert step.by_name, step.id


@pytest.mark.parametrize("planted", HEALTHY, ids=lambda one: one.machine.name)
def test_a_healthy_machine_has_nothing_to_fix(planted: Planted) -> None:
    plan = made(planted.machine.name)[1]
    assert plan.steps == ()
    assert plan.title == "Nothing to fix"


@faulty
def test_named_in_full_every_step_that_a_program_can_do_is_done(planted: Planted) -> None:
    report, plan = made(planted.machine.name)
    names = list(dict.fromkeys(one.name for one in report.findings if one.id in plan.purpose.findings))
    if not names:
        return
    asked = api_plan.plan_fix(build(planted.machine), names)
    assert list(problems(asked)) == []
    assert [step.id for step in asked.steps if step.by_name] == []
    assert {step.id for step in plan.steps if step.by_name} <= {step.id for step in asked.steps}


@faulty
def test_a_proof_stands_last_where_a_torch_was_changed(planted: Planted) -> None:
    plan = made(planted.machine.name)[1]
    changed = [step for step in plan.steps if isinstance(step.action, Run) and "install" in step.action.argv[1:5]]
    changed = [step for step in changed if not step.needs_root and not step.action.argv[0].endswith("conda")]  # type: ignore[union-attr]
    if changed:
        last = plan.steps[-1]
        assert isinstance(last.action, Run)
        assert last.action.argv[:3] == ("cudadoctor", "smoke", "--env")
        assert changed[-1].id in last.needs
