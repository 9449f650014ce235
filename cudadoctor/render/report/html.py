"""A report as one HTML page: the verdict, the layers from torch down to the GPU, the findings, and every fact."""

from __future__ import annotations

from collections.abc import Iterator

import cudadoctor
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.render.escape import html
from cudadoctor.render.html_page import STYLE, page
from cudadoctor.render.report.chain import fold
from cudadoctor.render.report.facts import facts_document
from cudadoctor.render.report.layers import everything, layers
from cudadoctor.render.report.shared import WORDS, lines_of
from cudadoctor.report.model import Report

_MARKS = {"ok": "✓", "warning": "!", "error": "✗", "absent": "–", "unknown": "?", "info": "i"}
_STATUS = {"healthy": "ok", "no-gpu": "absent", "warnings": "warning", "broken": "error", "unknown": "unknown"}


def render(report: Report) -> str:
    """The document."""
    return page(f"cudadoctor: {WORDS[report.status]}", body(report))


def fragment(report: Report) -> str:
    """For a notebook's cell: the body with its style."""
    return f'<div class="cudadoctor"><style>{STYLE}</style>{body(report)}</div>'


def body(report: Report) -> str:
    """What stands in the page."""
    return "\n".join(_body(report))


def _body(report: Report) -> Iterator[str]:
    mark = _STATUS[report.status]
    yield f"<h1>{_mark(mark)} {html(report.verdict)}</h1>"
    yield '<ol class="stack" aria-label="Layers, from torch down to the GPU">'
    for layer in reversed(layers(report)):
        about = f'<span>{html(layer.title)}</span> <span class="{"dim" if layer.mark == "absent" else "says"}">'
        yield f'<li class="at-{layer.mark}">{_mark(layer.mark)} {about}{html(layer.text)}</span></li>'
    yield "</ol>"
    roots, folded = fold(report.findings)
    if roots:
        yield "<h2>Findings</h2>"
    for finding in roots:
        yield from _card(finding, report, folded[finding.id])
    if report.suspects:
        yield "<h2>It could be</h2><ul>"
        for one in report.suspects:
            yield f"<li><b>{html(one.name)}</b>: {html(one.why)} To decide: {html(one.decide.text)}</li>"
        yield "</ul>"
    if report.set_up.shell or (report.set_up.install and report.set_up.install.commands):
        yield "<h2>Set up</h2>"
        lines = [*report.set_up.shell, *(report.set_up.install.commands if report.set_up.install else ())]
        yield f"<pre>{_lines(lines)}</pre>"
    yield from _details(report)


def _card(finding: Finding, report: Report, effects: list[Finding]) -> Iterator[str]:
    word = finding.severity.word
    about = "" if finding.subject == "machine" else f' <span class="dim">{html(finding.subject)}</span>'
    yield '<section class="card">'
    yield f"<h3>{_mark(word)} {html(finding.name)} <code>{html(finding.code)}</code>{about}</h3>"
    yield f"<p>{html(finding.message)}</p>"
    if effects:
        names = ", ".join(dict.fromkeys(one.name for one in effects))
        yield f'<p class="dim">This also explains {html(names)}.</p>'
    remedy = report.remedies.get(finding.id)
    if remedy is not None:
        yield f"<p><b>Fix:</b> {html(remedy.summary)}</p>"
        for kind, text in lines_of(remedy):
            yield f"<pre>{_lines(text.splitlines())}</pre>" if kind == "code" else f"<p>{html(text)}</p>"
    if finding.evidence or finding.source:
        yield "<details><summary>Evidence</summary>"
        rows = [f"{seen.where}: {seen.text}" for seen in finding.evidence]
        if rows:
            yield f"<pre>{_lines(rows)}</pre>"
        if finding.source is not None:
            source = finding.source
            link = f'<a href="{html(source.url)}">{html(source.title)}</a>'
            yield f'<p class="dim">Source: {link}, read {html(source.read_on)}</p>'
        yield "</details>"
    yield "</section>"


def _details(report: Report) -> Iterator[str]:
    yield "<h2>Details</h2>"
    yield f'<p class="dim">{report.checks_run} checks, cudadoctor {html(cudadoctor.__version__)}</p>'
    for title, rows in (
        ("Crashed checks", [(f"{one.code} {one.name}", one.error) for one in report.crashed]),
        ("Undetermined", [(f"{one.code} {one.name}", one.reason) for one in report.skipped]),
        ("Facts not known", [(gap.fact, gap.reason) for gap in report.facts.gaps]),
        ("Facts", list(everything(facts_document(report.facts)))),
    ):
        if rows:
            yield f"<details><summary>{title}: {len(rows)}</summary><table><tbody>"
            yield from (f'<tr><th scope="row">{html(name)}</th><td>{html(text)}</td></tr>' for name, text in rows)
            yield "</tbody></table></details>"


def _mark(mark: str) -> str:
    return f'<span class="mark {mark}">{_MARKS[mark]}</span>'


def _lines(lines: list[str]) -> str:
    """Each line by itself, so that what is hidden in it shows."""
    return "\n".join(html(line) if line.strip() else "" for line in lines)
