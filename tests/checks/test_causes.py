"""What explains what: one root for one cause, no cycle, every edge shown on a machine."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cudadoctor.checks.engine import causes, registry
from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.outcome import Finding, Outcomes
from cudadoctor.checks.engine.runner import run
from tests.checks.loader import HERE, facts_of, read

NAMES = {check.name for check in registry.all_checks()}
CHAINS: list[dict[str, Any]] = read(HERE / "chains.toml")["chain"]


@functools.cache
def _outcomes(index: int) -> Outcomes:
    return run(registry.all_checks(), facts_of(CHAINS[index]))


def _edges() -> set[tuple[str, str]]:
    return {(cause, effect) for cause, effects in causes.EXPLAINS.items() for effect in effects}


def test_every_name_in_the_table_is_a_check() -> None:
    assert {name for edge in _edges() for name in edge} - NAMES == set()


def test_there_is_no_cycle() -> None:
    for name in causes.EXPLAINS:
        reached: set[str] = set()
        todo = list(causes.EXPLAINS[name])
        while todo:
            one = todo.pop()
            assert one != name, f"{name} explains itself"
            if one not in reached:
                reached.add(one)
                todo.extend(causes.EXPLAINS.get(one, ()))


@pytest.mark.parametrize(
    "index", range(len(CHAINS)), ids=lambda index: str(index) + "-" + "+".join(CHAINS[index]["roots"])
)
def test_one_cause_is_one_root(index: int) -> None:
    chain, outcomes = CHAINS[index], _outcomes(index)
    assert outcomes.crashed == ()
    found = {finding.name: finding for finding in outcomes.findings}
    assert list(causes.roots(outcomes.findings)) == chain["roots"], [finding.message for finding in outcomes.findings]
    for effect in chain["effects"]:
        assert effect in found
        assert found[effect].because_of, f"{effect} is not explained"


def test_every_edge_is_shown_on_a_machine() -> None:
    shown: set[tuple[str, str]] = set()
    for index in range(len(CHAINS)):
        findings = {finding.id: finding for finding in _outcomes(index).findings}
        shown |= {(findings[cause].name, one.name) for one in findings.values() for cause in one.because_of}
    assert _edges() - shown == set()


def test_causes_stand_before_what_follows() -> None:
    for index in range(len(CHAINS)):
        explained = [bool(finding.because_of) for finding in _outcomes(index).findings]
        assert explained == sorted(explained)


def _finding(
    name: str, subject: str = "machine", *, severity: Severity = Severity.ERROR, code: str = "XX001"
) -> Finding:
    return Finding(
        code=code,
        name=name,
        severity=severity,
        confidence=Confidence.CERTAIN,
        subject=subject,
        message=f"{name} of {subject}",
        evidence=(),
        source=None,
    )


def test_another_environment_is_not_to_blame() -> None:
    linked = causes.link((_finding("cpu-only-build", "env:/a"), _finding("torch-cuda-unavailable", "env:/b")))
    assert set(causes.roots(linked)) == {"cpu-only-build", "torch-cuda-unavailable"}


def test_a_remark_about_an_environment_explains_no_error_elsewhere() -> None:
    linked = causes.link(
        (
            _finding("driver-too-old-for-runtime", "env:/idle", severity=Severity.INFO),
            _finding("toolkit-newer-than-driver", "toolkit:/usr/local/cuda", severity=Severity.WARNING),
        )
    )
    assert causes.roots(linked) == ("toolkit-newer-than-driver",)


def test_a_link_explains_only_what_names_it() -> None:
    link = _finding("toolkit-symlink-dangling", "file:/usr/local/cuda", severity=Severity.WARNING)
    other = _finding("cuda-home-wrong", "var:CUDA_HOME", severity=Severity.WARNING)
    assert set(causes.roots(causes.link((link, other)))) == {"toolkit-symlink-dangling", "cuda-home-wrong"}


def test_an_information_is_a_root_only_where_it_explains() -> None:
    alone = causes.link((_finding("wsl1-no-gpu", severity=Severity.INFO),))
    assert causes.roots(alone) == ()
    both = causes.link((_finding("wsl1-no-gpu", severity=Severity.INFO), _finding("torch-cuda-unavailable", "env:/a")))
    assert causes.roots(both) == ("wsl1-no-gpu",)


def test_rank_goes_from_the_hardware_up_to_torch() -> None:
    findings = (_finding("b", code="TR001"), _finding("a", code="HW002"), _finding("c", code="TK001"))
    assert [finding.code for finding in causes.link(findings)] == ["HW002", "TK001", "TR001"]


def test_every_area_of_a_code_has_a_layer() -> None:
    unknown = causes.layer("QQ001")
    assert [check.code for check in registry.all_checks() if causes.layer(check.code) >= unknown] == []


@pytest.mark.parametrize("count", [50, 500])
def test_linking_many_findings_compares_only_what_may_be_related(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = 0
    related = causes._related

    def counted(cause: Finding, effect: Finding) -> bool:
        nonlocal pairs
        pairs += 1
        return related(cause, effect)

    monkeypatch.setattr(causes, "_related", counted)
    names = ("glibc-too-old", "torch-import-fails", "path-duplicates")
    findings = [_finding(name, f"env:/e{number}") for number in range(count) for name in names]
    linked = causes.link((*findings, _finding("cpu-only-build", "env:/e0")))
    assert pairs <= 2 * count
    assert {one.subject: one.because_of for one in linked if one.name == "torch-import-fails"} == {
        f"env:/e{number}": (f"glibc-too-old@env:/e{number}",) for number in range(count)
    }
