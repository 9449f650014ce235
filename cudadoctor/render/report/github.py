"""A report as GitHub Actions reads it from standard output: annotations, at file and line where a finding has one."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.render.escape import workflow_command
from cudadoctor.render.report.shared import place, ran_nothing
from cudadoctor.report.model import Report

_KINDS = {"error": "error", "warning": "warning", "info": "notice"}
_MOST = 9
"""GitHub shows ten annotations of each kind for a step; the first is the verdict."""


def render(report: Report) -> str:
    """Workflow commands: the verdict, then the findings."""
    broken = report.status == "broken" or ran_nothing(report)
    kind = "error" if broken else "warning" if report.status in ("warnings", "unknown") else "notice"
    lines = [workflow_command(kind, report.verdict, title=f"cudadoctor: {report.status}")]
    lines += [workflow_command("error", f"{one.name} crashed: {one.error}", title=one.code) for one in report.crashed]
    for word in _KINDS:
        some = [one for one in report.findings if one.severity.word == word]
        lines += [_annotation(one, report) for one in some[:_MOST]]
        if some[_MOST:]:
            lines.append(f"and {len(some) - _MOST} more: cudadoctor check lists all of them")
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding, report: Report) -> str:
    remedy = report.remedies.get(finding.id)
    cure = f" Fix: {remedy.summary}" if remedy is not None else ""
    file, line = place(finding) or (None, None)
    return workflow_command(
        _KINDS[finding.severity.word],
        f"{finding.message}{cure}",
        file=file,
        line=None if line is None else str(line),
        title=f"{finding.code} {finding.name}",
    )
