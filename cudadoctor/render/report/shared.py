"""What several formats of a report say in the same way."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.subject import File, parse
from cudadoctor.remedies.plan import Remedy, Run, WriteFile
from cudadoctor.render.clean import clean, clean_lines, command
from cudadoctor.report.model import Report

WORDS = {"healthy": "healthy", "no-gpu": "no GPU", "warnings": "warnings", "broken": "broken", "unknown": "unknown"}


def place(finding: Finding) -> tuple[str, int] | None:
    """File and line of a finding that is about a line."""
    about = parse(finding.subject)
    return (about.path, about.line) if isinstance(about, File) and about.line is not None else None


def lines_of(remedy: Remedy) -> Iterator[tuple[str, str]]:
    """What to do, line by line: `prose` or `code`, and the text."""
    for step in remedy.actions:
        if isinstance(step, Run):
            if step.why:
                yield "prose", f"{clean(step.why)[:1].upper()}{clean(step.why)[1:]}:"
            sudo = "sudo " if step.needs_root and step.argv[:1] != ("sudo",) else ""
            yield "code", sudo + command(step.argv)
        elif isinstance(step, WriteFile):
            yield "prose", f"In {clean(step.path)}:"
            yield "code", "\n".join(clean_lines(step.text.rstrip("\n")))
        else:
            yield "prose", clean(step.text)


def ran_nothing(report: Report) -> bool:
    """No check came to a result: that is no success."""
    return not report.checks_run and not report.findings
