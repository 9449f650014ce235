"""`cudadoctor.smoke/1` of INTERFACE."""

from __future__ import annotations

from typing import Any

import cudadoctor
from cudadoctor.facts.smoke import SmokeResult
from cudadoctor.render.report.json import dumps, evidence
from cudadoctor.report.model import SmokeReport

SCHEMA = "cudadoctor.smoke/1"


def render(report: SmokeReport) -> str:
    """The report as one JSON document, ASCII only, ending in a newline."""
    return dumps(document(report))


def document(report: SmokeReport) -> dict[str, Any]:
    """The document before it is written. Keys may be added; none is renamed or removed."""
    smoke = report.smoke
    return {
        "schema": SCHEMA,
        "tool": {"name": "cudadoctor", "version": cudadoctor.__version__},
        "status": report.status,
        "sentence": report.sentence,
        "device": smoke.device,
        "level": smoke.level,
        "env": smoke.env,
        "torch": {"version": smoke.torch, "python": smoke.python, "cuda": smoke.cuda},
        "gpus": None
        if smoke.gpus is None
        else [{"index": one.index, "name": one.name, "compute_capability": one.capability} for one in smoke.gpus],
        "expect_gpus": smoke.expected,
        "complete": smoke.complete,
        "interrupted": smoke.interrupted,
        "root_causes": list(report.root_causes),
        "results": [_result(one, report) for one in smoke.results],
        "findings": [
            {
                "id": one.id,
                "code": one.code,
                "name": one.name,
                "severity": one.severity.word,
                "confidence": one.confidence.word,
                "subject": one.subject,
                "message": one.message,
                "evidence": evidence(one.evidence),
                "because_of": list(one.because_of),
            }
            for one in report.findings
        ],
    }


def _result(result: SmokeResult, report: SmokeReport) -> dict[str, Any]:
    return {
        "name": result.name,
        "gpu": result.gpu,
        "layer": result.layer,
        "outcome": result.outcome,
        "seconds": result.seconds,
        "message": result.message,
        "figures": _plain(result.figures),
        "remark": report.shares.get(f"{result.name}@{result.gpu}"),
        "suspects": list(result.suspects),
        "next": report.next_command(result),
    }


def _plain(value: object) -> Any:  # noqa: ANN401
    """Without NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
