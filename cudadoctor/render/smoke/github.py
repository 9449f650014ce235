"""A smoke report as GitHub Actions reads it from standard output: annotations, then plain lines."""

from __future__ import annotations

from cudadoctor.render.clean import clean
from cudadoctor.render.smoke import BAD, device_of
from cudadoctor.report.model import SmokeReport

_MOST = 9
"""GitHub shows ten errors of a step; the first is the verdict."""


def render(report: SmokeReport) -> str:
    """Workflow commands for what failed; a notice where all is well."""
    if report.status == "passed":
        return f"{_command('notice', 'smoke', report.sentence)}\n"
    lines = [_command("error", "smoke", report.sentence)]
    failed = [one for one in report.smoke.results if one.outcome in BAD]
    for result in failed[:_MOST]:
        more = f" Points to: {', '.join(result.suspects)}." if result.suspects else ""
        text = f"{result.outcome}: {result.message or result.layer}.{more} Next: {report.next_command(result)}"
        lines.append(_command("error", f"{result.name} on {device_of(result, report)}", text))
    if failed[_MOST:]:
        lines.append(f"and {len(failed) - _MOST} more")
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, text: str) -> str:
    """Foreign text can neither end the command nor begin another one."""
    shown = clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = clean(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{shown}"
