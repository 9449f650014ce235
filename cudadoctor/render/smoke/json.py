"""`cudadoctor.smoke/1`."""

from __future__ import annotations

from typing import Any

from cudadoctor.facts.smoke import SmokeResult
from cudadoctor.render.contract import dumps, fill, tool
from cudadoctor.render.smoke import contract
from cudadoctor.report.model import SmokeReport

SCHEMA = "cudadoctor.smoke/1"


def render(report: SmokeReport) -> str:
    """The report as one JSON document, ASCII only, ending in a newline."""
    return dumps(document(report))


def document(report: SmokeReport) -> dict[str, Any]:
    """The document before it is written."""
    return fill(
        contract.Smoke,
        report.smoke,
        schema=SCHEMA,
        tool=tool(),
        status=report.status,
        sentence=report.sentence,
        root_causes=report.root_causes,
        results=[_result(one, report) for one in report.smoke.results],
        findings=[fill(contract.Finding, one) for one in report.findings],
    )


def _result(result: SmokeResult, report: SmokeReport) -> dict[str, Any]:
    remark = report.shares.get(f"{result.name}@{result.gpu}")
    return fill(
        contract.Result, result, figures=_plain(result.figures), remark=remark, next=report.next_command(result)
    )


def _plain(value: object) -> Any:  # noqa: ANN401
    """Without NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
