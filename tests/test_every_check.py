"""Every check is documented, has cases that fail, pass and are skipped, and survives knowing nothing."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import msgspec
import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Check, Severity
from cudadoctor.checks.engine.docs import page
from cudadoctor.checks.engine.runner import run
from cudadoctor.facts.base import Facts
from tests.checks.loader import HERE, UNKNOWN, bases, build_facts, judged, read

CHECKS = registry.all_checks()
KINDS = ("fail", "pass", "skip")
CASES: dict[str, dict[str, list[dict[str, Any]]]] = {
    path.stem: read(path) for path in sorted((HERE / "cases").glob("*"))
}


def _cases(kind: str) -> list[Any]:
    return [
        pytest.param(check, case, id=f"{check.code}-{case['why']}")
        for check in CHECKS
        for case in CASES.get(check.code, {}).get(kind, [])
    ]


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert [name for name, times in Counter(check.name for check in CHECKS).items() if times > 1] == []
    for check in CHECKS:
        assert re.fullmatch(r"[A-Z]{2,4}\d{3}", check.code)
        assert check.rule.__module__.rpartition(".")[2] == check.rule.__name__, "one file a check, named as its rule"


def test_every_table_of_cases_is_of_a_check() -> None:
    assert set(CASES) - {check.code for check in CHECKS} == set()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
class TestEveryCheck:
    """What holds for each of them."""

    def test_is_documented(self, check: Check) -> None:
        doc = page(check.doc)
        assert doc.summary
        assert doc.summary.endswith(".")
        assert "\n" not in doc.summary
        assert doc.why
        assert doc.known, "what decides it"
        assert doc.fix
        assert doc.harmless
        assert doc.sources

    def test_asks_for_facts_only(self, check: Check) -> None:
        known = {field.name for field in msgspec.structs.fields(Facts)}
        assert {name for name, _ in check.parameters} <= known
        assert any(required for _, required in check.parameters)

    def test_has_cases_of_each_kind(self, check: Check) -> None:
        tables = CASES.get(check.code, {})
        assert set(tables) == set(KINDS)

    def test_survives_knowing_nothing(self, check: Check) -> None:
        outcomes = run((check,), Facts())
        assert not outcomes.crashed
        assert not outcomes.findings
        assert [one.code for one in outcomes.skipped] == [check.code], "nothing is known: skipped, never passed"


@pytest.mark.parametrize(("check", "case"), _cases("fail"))
def test_fails(check: Check, case: dict[str, Any]) -> None:
    outcomes = judged(check, case)
    assert not outcomes.crashed
    assert outcomes.findings, outcomes.skipped
    finding = outcomes.findings[0]
    assert (finding.code, finding.name) == (check.code, check.name)
    if "severity" in case:
        assert finding.severity.word == case["severity"]
    if "confidence" in case:
        assert finding.confidence.word == case["confidence"]
    if "subject" in case:
        assert finding.subject == case["subject"]
    assert finding.source is not None
    assert finding.source.url.startswith("https://")
    assert finding.message
    assert finding.message.isprintable()
    assert all(row.text.isprintable() and row.where for row in finding.evidence)
    assert re.match(r"(machine|(gpu|env|toolkit|var|file):\S.*)\Z", finding.subject)


@pytest.mark.parametrize(("check", "case"), _cases("pass"))
def test_passes(check: Check, case: dict[str, Any]) -> None:
    outcomes = judged(check, case)
    assert not outcomes.crashed
    assert [finding.message for finding in outcomes.findings] == []
    assert outcomes.skipped == ()
    assert outcomes.passed == (check.code,)


@pytest.mark.parametrize(("check", "case"), _cases("skip"))
def test_is_skipped(check: Check, case: dict[str, Any]) -> None:
    outcomes = judged(check, case)
    assert not outcomes.crashed
    assert [finding.message for finding in outcomes.findings] == []
    assert outcomes.skipped
    assert all(one.reason for one in outcomes.skipped)
    assert outcomes.passed == ()


@pytest.mark.parametrize("machine", read(HERE / "healthy.toml")["machine"], ids=lambda machine: machine["why"])
def test_says_nothing_of_a_healthy_machine(machine: dict[str, Any]) -> None:
    from tests.checks.loader import facts_of

    outcomes = run(CHECKS, facts_of(machine))
    assert outcomes.crashed == ()
    loud = [f"{finding.id}: {finding.message}" for finding in outcomes.findings if finding.severity > Severity.INFO]
    assert loud == []
    assert {finding.name for finding in outcomes.findings} == set(machine.get("infos", []))


@pytest.mark.parametrize("name", sorted(bases()))
@pytest.mark.parametrize("missing", [field.name for field in msgspec.structs.fields(Facts) if field.name != "gaps"])
def test_no_check_crashes_where_a_fact_is_missing(name: str, missing: str) -> None:
    facts = build_facts({**bases()[name], missing: UNKNOWN})
    assert run(CHECKS, facts).crashed == ()


@pytest.mark.parametrize("missing", [field.name for field in msgspec.structs.fields(Facts) if field.name != "gaps"])
def test_an_unknown_fact_is_no_problem(missing: str) -> None:
    """On a healthy machine nothing gets louder because something could not be examined."""
    facts = build_facts({**bases()["server"], missing: UNKNOWN})
    outcomes = run(CHECKS, facts)
    assert [finding.id for finding in outcomes.findings if finding.severity > Severity.INFO] == []


def test_foreign_text_is_cleaned() -> None:
    """Control characters and direction marks of a driver's message never reach a report."""
    table = bases()["refusing"]
    table["smi"] = {**table["smi"], "message": "bad\x1b[31m\u202e news\n::error::"}
    table["envs"][0]["torch"]["live"]["warning"] = "a\x07b\r\nc"
    for finding in run(CHECKS, build_facts(table)).findings:
        assert finding.message.isprintable()
        assert all(row.text.isprintable() for row in finding.evidence)
