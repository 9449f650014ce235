"""A report as SARIF 2.1.0, which code scanning services take.

Form: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, read 2026-12-01.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import cudadoctor
from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.docs import page
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.render.clean import clean
from cudadoctor.render.contract import dumps
from cudadoctor.render.report.shared import lines_of, place, ran_nothing
from cudadoctor.report.model import Report

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_RANKS = {"certain": 95.0, "likely": 70.0, "possible": 40.0}


def render(report: Report) -> str:
    """One log with one run."""
    codes = list(dict.fromkeys(one.code for one in report.findings))
    return dumps(
        {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "cudadoctor",
                            "semanticVersion": cudadoctor.__version__,
                            "rules": [_rule(code, report) for code in codes],
                        }
                    },
                    "invocations": [_invocation(report)],
                    "results": [_result(one, report, codes) for one in report.findings],
                    "properties": {"status": report.status, "verdict": clean(report.verdict)},
                }
            ],
        }
    )


def _rule(code: str, report: Report) -> dict[str, Any]:
    check = registry.find(code)
    name = next(one.name for one in report.findings if one.code == code)
    if check is None:
        return {"id": code, "name": name}
    about = page(check.doc)
    rule: dict[str, Any] = {
        "id": code,
        "name": name,
        "shortDescription": {"text": about.summary},
        "fullDescription": {"text": about.why or about.summary},
        "help": {"text": about.fix or about.summary},
        "defaultConfiguration": {"level": _LEVELS[check.severity.word]},
    }
    address = next((one for one in about.sources if one.startswith("https://") and " " not in one), None)
    return {**rule, "helpUri": address} if address else rule


def _invocation(report: Report) -> dict[str, Any]:
    notes = [
        {"level": "error", "descriptor": {"id": one.code}, "message": {"text": f"{one.name} crashed: {one.error}"}}
        for one in report.crashed
    ]
    notes += [
        {"level": "note", "descriptor": {"id": one.code}, "message": {"text": f"{one.name}: {clean(one.reason)}"}}
        for one in report.skipped
    ]
    return {
        "executionSuccessful": not report.crashed and not ran_nothing(report),
        "toolExecutionNotifications": notes,
    }


def _result(finding: Finding, report: Report, codes: list[str]) -> dict[str, Any]:
    text = [clean(finding.message)]
    text += [f"{clean(seen.where)}: {clean(seen.text)}" for seen in finding.evidence]
    remedy = report.remedies.get(finding.id)
    if remedy is not None:
        text += [f"Fix: {clean(remedy.summary)}", *(f"  {line}" for _, line in lines_of(remedy))]
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": clean(finding.subject), "kind": "resource"}]
    }
    at = place(finding)
    if at is not None:
        uri = f"file://{quote(at[0], safe='/', errors='surrogateescape')}"
        location["physicalLocation"] = {"artifactLocation": {"uri": uri}, "region": {"startLine": max(1, at[1])}}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity.word],
        "rank": _RANKS[finding.confidence.word],
        "message": {"text": "\n".join(text)},
        "locations": [location],
        "partialFingerprints": {"findingId/v1": clean(finding.id)},
    }
