"""`cudadoctor.report/1`."""

from __future__ import annotations

from typing import Any

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import Remedy
from cudadoctor.render.contract import dumps, fill, tool
from cudadoctor.render.report import contract
from cudadoctor.report.model import Report

SCHEMA = "cudadoctor.report/1"


def render(report: Report) -> str:
    """The report as one JSON document, ASCII only, ending in a newline."""
    return dumps(document(report))


def document(report: Report) -> dict[str, Any]:
    """The document before it is written."""
    return fill(
        contract.Report,
        report,
        schema=SCHEMA,
        tool=tool(),
        findings=[_finding(finding, report.remedies.get(finding.id)) for finding in report.findings],
        set_up={"shell": report.set_up.shell, "install": _install(report.set_up.install)},
        gaps=report.facts.gaps,
    )


def _finding(finding: Finding, remedy: Remedy | None) -> dict[str, Any]:
    return fill(contract.Finding, finding, remedy=None if remedy is None else _remedy(remedy))


def _remedy(remedy: Remedy) -> dict[str, Any]:
    steps = [fill(contract.Step, step, **contract.step_values(step)) for step in remedy.actions]
    return fill(contract.Remedy, remedy, steps=steps)


def _install(found: Recommendation | None) -> dict[str, Any] | None:
    """`cudadoctor.recommendation/1`, whole."""
    if found is None:
        return None
    from cudadoctor.render.recommendation import json as recommendation_json

    return recommendation_json.document(found)
