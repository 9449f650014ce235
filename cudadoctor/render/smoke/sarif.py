"""A smoke report as SARIF 2.1.0: a result for each test that did not pass."""

from __future__ import annotations

from typing import Any

import cudadoctor
from cudadoctor.render.clean import clean
from cudadoctor.render.contract import dumps
from cudadoctor.render.smoke import BAD, device_of
from cudadoctor.report.model import SmokeReport

_VERDICT = "smoke"


def render(report: SmokeReport) -> str:
    """One log with one run. A run that failed though no test did has a result that says so."""
    failed = [one for one in report.smoke.results if one.outcome in BAD]
    results = []
    for one in failed:
        text = [f"{one.outcome} on {device_of(one, report)}: {clean(one.message or one.layer)}"]
        if one.suspects:
            text.append(f"Points to: {', '.join(one.suspects)}.")
        text.append(f"Next: {report.next_command(one)}")
        results.append(_result(one.name, "\n".join(text), f"{one.name}@{one.gpu}"))
    if report.status == "failed" and not failed:
        results.append(_result(_VERDICT, clean(report.sentence), _VERDICT))
    rules = list(dict.fromkeys(one["ruleId"] for one in results))
    driver = {
        "name": "cudadoctor smoke",
        "semanticVersion": cudadoctor.__version__,
        "rules": [{"id": one, "shortDescription": {"text": f"The smoke test {one} failed."}} for one in rules],
    }
    skipped = [
        {
            "level": "note",
            "message": {"text": f"{one.name} on {device_of(one, report)}: {clean(one.message or 'skipped')}"},
        }
        for one in report.smoke.results
        if one.outcome == "skip"
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": report.smoke.complete, "toolExecutionNotifications": skipped}],
        "results": results,
        "properties": {"status": report.status, "verdict": clean(report.sentence)},
    }
    return dumps(
        {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _result(rule: str, text: str, fingerprint: str) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "level": "error",
        "message": {"text": text},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": fingerprint, "kind": "resource"}]}],
        "partialFingerprints": {"testId/v1": fingerprint},
    }
