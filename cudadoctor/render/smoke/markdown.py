"""A smoke report as Markdown, for a job's summary or an issue."""

from __future__ import annotations

from cudadoctor.render.escape import markdown
from cudadoctor.render.smoke import BAD, device_of, figure
from cudadoctor.report.model import SmokeReport

_SHOWN = ("TFLOP/s", "GB/s", "accuracy", " error")


def render(report: SmokeReport) -> str:
    """A heading with the verdict, a table of all tests, and what to type."""
    smoke = report.smoke
    lines = [f"## smoke {report.status}", "", markdown(report.sentence), ""]
    lines.append(f"torch {markdown(str(smoke.torch))}, level {smoke.level}, device {markdown(smoke.device)}")
    lines += ["", "| test | device | layer | outcome | seconds | |", "|---|---|---|---|--:|---|"]
    for result in smoke.results:
        outcome = f"**{result.outcome}**" if result.outcome in BAD else result.outcome
        seconds = "" if result.seconds is None else f"{result.seconds:.2f}"
        notes = [f"{name} {figure(value)}" for name, value in result.figures.items() if name.endswith(_SHOWN)]
        notes = [result.message] if result.message else notes
        if result.suspects:
            notes.append(f"points to {', '.join(result.suspects)}")
        cells = (result.name, device_of(result, report), result.layer, outcome, seconds, "; ".join(notes))
        lines.append(f"| {' | '.join(one if one == outcome else markdown(one) for one in cells)} |")
    if report.status == "failed":
        if report.findings:
            lines += ["", "### Why", ""]
            lines += [f"- {markdown(one.message)} (`{one.name}`)" for one in report.findings]
        commands = dict.fromkeys(command for one in smoke.results if (command := report.next_command(one)))
        if commands:
            lines += ["", "### Next", "", "```sh", *commands, "```"]
    return "\n".join(lines) + "\n"
