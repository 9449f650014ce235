"""The tables of likelihood as a whole: every name in them exists, and every cause can be asked about."""

from __future__ import annotations

import pytest

from cudadoctor.api import examine as api
from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.likelihood import Likely
from cudadoctor.checks.rates.factors import FACTORS
from cudadoctor.checks.rates.questions import QUESTIONS
from cudadoctor.checks.rates.signs import SIGNS
from cudadoctor.checks.rates.states import STATES
from cudadoctor.facts.base import Facts
from cudadoctor.intake.messages.find import rows
from cudadoctor.remedies.find import remedy_for
from cudadoctor.report.suspects import _finding

CHECKS = {one.name for one in registry.all_checks()}
KINDS = {one.kind for one in rows()} | set(STATES)
WITHOUT_CHECK = {
    "gpu-vbios-too-old",
    "wheels-overwrite-each-other",
}
"""Causes in the tables whose check is still to be written: until then they are left out of every answer."""


def test_every_cause_has_a_check() -> None:
    named = {name for sign in SIGNS for name in sign.causes} | set(FACTORS)
    named |= {name for question in QUESTIONS for name in question.tells}
    assert named - CHECKS <= WITHOUT_CHECK
    assert not WITHOUT_CHECK & CHECKS


def test_every_sign_and_circumstance_is_a_message_or_a_state() -> None:
    assert {kind for sign in SIGNS for kind in sign.kinds} <= KINDS
    assert {what for factors in FACTORS.values() for what in factors} <= KINDS
    assert {what for question in QUESTIONS for what in (*question.needs, *question.not_with)} <= KINDS


@pytest.mark.parametrize("sign", SIGNS, ids=lambda one: one.kinds[0])
def test_shares_leave_room_for_what_is_not_listed(sign: object) -> None:
    from cudadoctor.checks.engine.likelihood import Sign

    assert isinstance(sign, Sign)
    assert 0 < sum(sign.causes.values()) <= 98
    assert sign.source.url.startswith("https://")
    assert sign.source.read_on


def test_no_message_is_a_sign_twice() -> None:
    kinds = [kind for sign in SIGNS for kind in sign.kinds]
    assert len(kinds) == len(set(kinds))


def test_factors_are_positive_and_say_something() -> None:
    for name, factors in FACTORS.items():
        for what, factor in factors.items():
            assert factor >= 0, (name, what)
            assert factor != 1, (name, what)


def test_commands_are_one_line_and_ready_to_paste() -> None:
    for question in QUESTIONS:
        assert "\n" not in question.command
        assert question.why == question.why.strip().rstrip(".")


@pytest.mark.parametrize("name", sorted({name for sign in SIGNS for name in sign.causes} & CHECKS))
def test_a_cause_that_is_only_likely_has_a_cure(name: str) -> None:
    """It was found without the facts that its own check needs, so its cure must do without them too."""
    source = SIGNS[0].source
    finding = _finding(Likely(name=name, share=0.6, signs=(), circumstances=(), source=source), Facts())
    assert finding is not None
    assert finding.message
    assert remedy_for(finding, Facts()).summary
    assert api.find_check(name) is not None
