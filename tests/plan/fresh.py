"""Machines before anything was installed, and their plans."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from cudadoctor.api import plans as api_plan
from cudadoctor.facts.base import Facts
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from cudadoctor.recommend.request import Words
from cudadoctor.remedies.install.request import Asked
from cudadoctor.remedies.plan import Condition, Fetch, Plan, PlanStep, Prints, Run, Tell, WriteFile, problems
from tests.machines import hardware
from tests.machines.builder import build
from tests.machines.parts import Gpu, Machine, Os

DEBIAN_13 = replace(
    hardware.DEBIAN_12,
    version_id="13",
    pretty="Debian GNU/Linux 13 (trixie)",
    kernel="6.12.48+deb13-amd64",
    glibc="2.41",
    gcc="14.2.0",
    python="3.13.5",
)
RHEL_9 = hardware.RHEL_9


def without_driver(gpu: Gpu) -> Gpu:
    """The GPU as it is before its driver."""
    return replace(gpu, bound=None)


def machine(os: Os, *gpus: Gpu, **more: Any) -> Machine:
    """A machine without driver, toolkit and conda."""
    return Machine(name="fresh", os=os, gpus=tuple(without_driver(one) for one in gpus), **more)


def asked(*, words: dict[str, Any] | None = None, **more: Any) -> Asked:
    return Asked(words=Words(**(words or {})), **more)


def planned(one: Machine, *, words: dict[str, Any] | None = None, **more: Any) -> Plan:
    """The plan as the command makes it; sound, and the same when made twice."""
    wanted = asked(words=words, **more)
    found = api_plan.plan_install(build(one), wanted)
    assert list(problems(found)) == []
    assert api_plan.plan_install(build(one), wanted) == found
    return found


@cache
def facts_of(one: str) -> Facts:
    """Facts of a machine of the catalogue."""
    from tests.machines.catalogue import CATALOGUE

    return collect(build(CATALOGUE[one].machine), Request(fast=True)).facts


def ids(plan: Plan) -> list[str]:
    return [one.id for one in plan.steps]


def step(plan: Plan, wanted: str) -> PlanStep:
    found = plan.step(wanted)
    assert found is not None, ids(plan)
    return found


def argv(plan: Plan, wanted: str) -> tuple[str, ...]:
    action = step(plan, wanted).action
    assert isinstance(action, Run)
    return action.argv


def text(plan: Plan, wanted: str) -> str:
    action = step(plan, wanted).action
    assert isinstance(action, (Tell, WriteFile))
    return action.text


def fetch(plan: Plan, wanted: str) -> Fetch:
    action = step(plan, wanted).action
    assert isinstance(action, Fetch)
    return action


def prints(condition: Condition | None) -> Prints:
    assert isinstance(condition, Prints)
    return condition
