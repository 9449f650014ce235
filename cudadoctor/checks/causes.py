"""Which finding explains which. One table; a cause stands before what follows from it."""

from __future__ import annotations

from dataclasses import replace

from cudadoctor.checks.base import Severity
from cudadoctor.checks.outcome import Finding

EXPLAINS: dict[str, tuple[str, ...]] = {}
"""cause → the names that it explains, directly. What those explain follows."""


def _related(cause: str, effect: str) -> bool:
    """A fault of one GPU, environment or toolkit explains nothing about another one of the same kind."""
    kind, _, which = cause.partition(":")
    other_kind, _, other = effect.partition(":")
    return kind != other_kind or which == other or not which


def link(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings with `because_of` filled in, ranked: root causes first, then by severity, confidence and layer."""
    closed = {name: _closure(name) for name in {finding.name for finding in findings}}
    linked = [
        replace(
            effect,
            because_of=tuple(
                cause.id
                for cause in findings
                if effect.name in closed[cause.name] and _related(cause.subject, effect.subject)
            ),
        )
        for effect in findings
    ]
    order = {finding.id: place for place, finding in enumerate(linked)}
    return tuple(sorted(linked, key=lambda finding: (*_rank(finding), order[finding.id])))


def _closure(name: str) -> frozenset[str]:
    reached: set[str] = set()
    todo = list(EXPLAINS.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo.extend(EXPLAINS.get(one, ()))
    return frozenset(reached - {name})


def _rank(finding: Finding) -> tuple[bool, int, int, int]:
    return (
        bool(finding.because_of),
        -finding.severity,
        -finding.confidence,
        -len(_closure(finding.name)),
    )


def roots(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Names of the root causes: errors and warnings that nothing else explains, and an info where it explains one."""
    explaining = {cause for finding in findings if finding.severity > Severity.INFO for cause in finding.because_of}
    names = [
        finding.name
        for finding in findings
        if not finding.because_of and (finding.severity > Severity.INFO or finding.id in explaining)
    ]
    return tuple(dict.fromkeys(names))
