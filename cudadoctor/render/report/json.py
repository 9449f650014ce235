"""`cudadoctor.report/1` of INTERFACE: a contract of its own, not a dump of the inner types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import cudadoctor
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.seen import Seen
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import Remedy, Run, Step, WriteFile
from cudadoctor.render.report.facts import facts_document
from cudadoctor.report.model import Report, Suspect

SCHEMA = "cudadoctor.report/1"


def render(report: Report) -> str:
    """The report as one JSON document, ASCII only, ending in a newline."""
    return dumps(document(report))


def dumps(value: object) -> str:
    """JSON that every parser takes: no NaN, and no half of a surrogate pair (a path that is not UTF-8 has some)."""
    text = json.dumps(value, indent=2, allow_nan=False)
    if "\\ud" in text:
        text = json.dumps(_decodable(value), indent=2, allow_nan=False)
    return text + "\n"


def document(report: Report) -> dict[str, Any]:
    """The document before it is written."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "cudadoctor", "version": cudadoctor.__version__},
        "status": report.status,
        "verdict": report.verdict,
        "root_causes": list(report.root_causes),
        "findings": [_finding(finding, report.remedies.get(finding.id)) for finding in report.findings],
        "skipped": [
            {"code": one.code, "name": one.name, "reason": one.reason, "subject": one.subject} for one in report.skipped
        ],
        "crashed": [{"code": one.code, "name": one.name, "error": one.error} for one in report.crashed],
        "passed": list(report.passed),
        "checks_run": report.checks_run,
        "set_up": {
            "shell": list(report.set_up.shell),
            "install": _install(report.set_up.install),
        },
        "facts": facts_document(report.facts),
        "gaps": [{"fact": gap.fact, "reason": gap.reason} for gap in report.facts.gaps],
        "ask": None if report.ask is None else {"command": report.ask.command, "why": report.ask.why},
        "ignored": [
            {"name": one.name, "reason": one.reason, "until": one.until, "origin": one.origin} for one in report.ignored
        ],
        "suspects": [_suspect(one) for one in report.suspects],
        "timings": {probe: round(seconds, 4) for probe, seconds in report.timings.items()},
    }


def evidence(seen: Sequence[Seen]) -> list[dict[str, str]]:
    """Where something was read, and what stood there."""
    return [{"where": one.where, "text": one.text} for one in seen]


def _finding(finding: Finding, remedy: Remedy | None) -> dict[str, Any]:
    source = finding.source
    return {
        "id": finding.id,
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.word,
        "confidence": finding.confidence.word,
        "subject": finding.subject,
        "message": finding.message,
        "evidence": evidence(finding.evidence),
        "because_of": list(finding.because_of),
        "remedy": None if remedy is None else _remedy(remedy),
        "source": source and {"title": source.title, "url": source.url, "read_on": source.read_on},
    }


def _suspect(suspect: Suspect) -> dict[str, Any]:
    decide = suspect.decide
    return {
        "name": suspect.name,
        "confidence": suspect.confidence.word,
        "why": suspect.why,
        "decide": {"text": decide.text, "argv": None if decide.argv is None else list(decide.argv)},
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {"summary": remedy.summary, "steps": [_step(step) for step in remedy.steps]}


def _step(step: Step) -> dict[str, Any]:
    """Every step has all keys, so that a reader needs no cases: what a kind does not have is null."""
    return {
        "kind": step.kind,
        "argv": list(step.argv) if isinstance(step, Run) else None,
        "path": step.path if isinstance(step, WriteFile) else None,
        "text": None if isinstance(step, Run) else step.text,
        "why": step.why if isinstance(step, Run | WriteFile) else None,
        "safety": step.safety,
        "needs_root": step.needs_root,
    }


def _install(found: Recommendation | None) -> dict[str, Any] | None:
    """`cudadoctor.recommendation/1`, whole."""
    if found is None:
        return None
    from cudadoctor.render.recommendation import json as recommendation_json

    return recommendation_json.document(found)


def _decodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_decodable(key): _decodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decodable(item) for item in value]
    return value
