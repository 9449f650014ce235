"""Runs checks over facts: four outcomes, and none stops another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cudadoctor.checks.engine import causes, says
from cudadoctor.checks.engine.base import Asked, Check, Confidence, Problem, Result, Severity
from cudadoctor.checks.engine.index import Judge, Row
from cudadoctor.checks.engine.outcome import Crashed, Finding, Outcomes, Skipped
from cudadoctor.facts.base import Facts


def run(checks: Iterable[Check | Row], facts: Facts) -> Outcomes:
    """Every check over the facts. A required fact that is not known skips the check, with the gap's reason.

    A row of the index is imported only where its rules may have something to say.
    """
    judge = Judge(facts)
    findings: dict[str, Finding] = {}
    skipped: list[Skipped] = []
    crashed: list[Crashed] = []
    passed: list[str] = []
    for check in checks:
        missing = _missing(check.parameters, facts)
        clean = missing is None
        try:
            for result in _of_row(check, facts, judge) if isinstance(check, Row) else _results(check, facts):
                clean, missing = False, None
                if isinstance(result, Problem):
                    finding = _finding(check, result)
                    findings.setdefault(finding.id, finding)
                else:
                    skipped.append(
                        Skipped(code=check.code, name=check.name, reason=result.reason, subject=result.subject)
                    )
        except Exception as error:  # noqa: BLE001  a check that raises is a bug of ours, said as such
            crashed.append(Crashed(code=check.code, name=check.name, error=f"{type(error).__name__}: {error}"))
            continue
        if missing is not None:
            skipped.append(Skipped(code=check.code, name=check.name, reason=_reason(facts, missing)))
        if clean:
            passed.append(check.code)
    return Outcomes(
        findings=causes.link(tuple(_folded(findings.values()))),
        skipped=tuple(skipped),
        crashed=tuple(crashed),
        passed=tuple(passed),
    )


MOST_LINES = 3
"""Findings of one kind about lines of one file that are listed one by one; of more, the first stands for all."""


def _folded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, those about many lines of one file as one."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        path, _, line = finding.subject.rpartition(":")
        by_file = path.startswith("file:") and line.isdigit()
        alike = (finding.code, path if by_file else finding.subject, finding.severity, finding.confidence)
        groups.setdefault(alike, []).append(finding)
    for first, *others in groups.values():
        if len(others) < MOST_LINES:
            yield from (first, *others)
            continue
        numbers = [one.subject.rpartition(":")[2] for one in others]
        named = ", ".join(numbers[:5]) + (", …" if len(numbers) > 5 else "")
        evidence = tuple(dict.fromkeys(seen for one in (first, *others[: MOST_LINES - 1]) for seen in one.evidence))
        yield replace(
            first,
            message=f"{first.message} ({len(others)} more such lines in this file: {named})",
            evidence=evidence,
            also=tuple(one.subject for one in others),
        )


def _missing(parameters: tuple[tuple[str, bool], ...], facts: Facts) -> str | None:
    """The first required fact that is not known."""
    return next((name for name, required in parameters if required and getattr(facts, name) is None), None)


def _of_row(row: Row, facts: Facts, judge: Judge) -> Result:
    """What the check yields; it stays unread where that is nothing."""
    if not judge.settled(row):
        yield from _results(row.load(), facts)


def _results(check: Check, facts: Facts) -> Result:
    """What the check's rules yield, of those whose required facts are known."""
    for rule, asked in ((check.rule, Asked(check.parameters)), *check.more):
        known = not asked.any_of or any(getattr(facts, name) is not None for name in asked.any_of)
        if known and _missing(asked.parameters, facts) is None:
            yield from rule(**{name: getattr(facts, name) for name, _ in asked.parameters})
    if check.messages and facts.symptoms:
        yield from says.problems(check.messages, facts.symptoms, facts.envs)


def _reason(facts: Facts, name: str) -> str:
    for gap in facts.gaps:
        if gap.fact == name or gap.fact.startswith(f"{name}."):
            return gap.reason
    return f"{name}: not known"


def _finding(check: Check | Row, problem: Problem) -> Finding:
    return Finding(
        code=check.code,
        name=check.name,
        severity=problem.severity or Severity(check.severity),
        confidence=problem.confidence or Confidence.CERTAIN,
        subject=problem.subject,
        message=problem.message,
        evidence=tuple(dict.fromkeys(problem.evidence)),
        source=problem.source,
    )
