"""A smoke report as GitHub Actions reads it from standard output: annotations, then plain lines."""

from __future__ import annotations

from cudadoctor.render.escape import workflow_command
from cudadoctor.render.smoke import BAD, device_of
from cudadoctor.report.model import SmokeReport

_MOST = 9
"""GitHub shows ten errors of a step; the first is the verdict."""


def render(report: SmokeReport) -> str:
    """Workflow commands for what failed; a notice where all is well."""
    if report.status == "passed":
        return f"{workflow_command('notice', report.sentence, title='smoke')}\n"
    lines = [workflow_command("error", report.sentence, title="smoke")]
    failed = [one for one in report.smoke.results if one.outcome in BAD]
    for result in failed[:_MOST]:
        more = f" Points to: {', '.join(result.suspects)}." if result.suspects else ""
        text = f"{result.outcome}: {result.message or result.layer}.{more} Next: {report.next_command(result)}"
        lines.append(workflow_command("error", text, title=f"{result.name} on {device_of(result, report)}"))
    if failed[_MOST:]:
        lines.append(f"and {len(failed) - _MOST} more")
    return "\n".join(lines) + "\n"
