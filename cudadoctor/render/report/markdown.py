"""A report as Markdown, to paste into an issue or a job's summary: private names replaced, details folded."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.redact.text import Redactor
from cudadoctor.render.clean import clean
from cudadoctor.render.escape import code_block, markdown
from cudadoctor.render.report.chain import fold
from cudadoctor.render.report.layers import layers
from cudadoctor.render.report.shared import WORDS, lines_of
from cudadoctor.report.model import Report

_MARKS = {"ok": "✅", "warning": "⚠️", "error": "❌", "absent": "➖", "unknown": "❔", "info": "ℹ️"}


def render(report: Report) -> str:
    """A heading with the verdict, a table of the layers, the findings, and what to do about each."""
    page = _Page(report)
    lines = [f"## cudadoctor: {WORDS[report.status]}", "", page.text(report.verdict), ""]
    lines += ["| | layer | |", "|---|---|---|"]
    lines += [f"| {_MARKS[one.mark]} | {one.title} | {page.text(one.text)} |" for one in layers(report)]
    roots, folded = fold(report.findings)
    for finding in roots:
        lines += page.finding(finding, folded[finding.id])
    if report.crashed:
        lines += ["", "### Checks that crashed", ""]
        lines += [f"- {one.code} {one.name}: {page.text(one.error)}" for one in report.crashed]
    if report.skipped:
        lines += ["", "<details>", f"<summary>{len(report.skipped)} undetermined</summary>", ""]
        lines += [f"- {one.code} {one.name}: {page.text(one.reason)}" for one in report.skipped]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


class _Page:
    """Text of one report with what is private replaced, the same way everywhere."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._redactor = Redactor()
        shell = report.facts.shell
        if shell is not None:
            self._redactor.add_home(shell.home)
            for name in ("USER", "LOGNAME"):
                self._redactor.add_user(shell.variables.get(name))
            if shell.home and shell.home.startswith("/home/"):
                self._redactor.add_user(shell.home.split("/")[2])
        self._redactor.settle()

    def text(self, text: str) -> str:
        """Redacted, as plain text of a line."""
        return markdown(self._redactor.text(clean(text)))

    def finding(self, finding: Finding, effects: list[Finding]) -> list[str]:
        """A heading, the message, the cure, and folded the evidence."""
        about = "" if finding.subject == "machine" else f" · {self.text(finding.subject)}"
        lines = ["", f"### {_MARKS[finding.severity.word]} {finding.name} ({finding.code}){about}", ""]
        lines.append(self.text(finding.message))
        if effects:
            names = ", ".join(dict.fromkeys(one.name for one in effects))
            lines += ["", f"This also explains {names}."]
        remedy = self._report.remedies.get(finding.id)
        if remedy is not None:
            lines += ["", f"**Fix:** {self.text(remedy.summary)}", ""]
            for kind, text in lines_of(remedy):
                shown = self._redactor.text(text)
                lines += code_block(shown, "sh") if kind == "code" else ["", markdown(shown), ""]
        if finding.evidence:
            lines += ["", "<details>", "<summary>Evidence</summary>", ""]
            rows = [f"{clean(seen.where)}: {clean(seen.text)}" for seen in finding.evidence]
            lines += code_block("\n".join(self._redactor.text(row) for row in rows), "text")
            lines += ["", "</details>"]
        if finding.source is not None:
            lines += ["", f"Source: [{markdown(finding.source.title)}](<{finding.source.url}>)"]
        return lines
