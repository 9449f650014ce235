"""A smoke report as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.facts.smoke import SmokeResult
from cudadoctor.render.escape import html
from cudadoctor.render.html_page import page
from cudadoctor.render.smoke import BAD, device_of, figure
from cudadoctor.report.model import SmokeReport


def render(report: SmokeReport) -> str:
    """The document."""
    return page(f"cudadoctor smoke: {report.status}", "\n".join(_body(report)))


def _body(report: SmokeReport) -> Iterator[str]:
    smoke = report.smoke
    passed = report.status == "passed"
    yield f"<h1>{_mark('ok' if passed else 'error')} {html(report.sentence)}</h1>"
    about = [f"torch {smoke.torch}" if smoke.torch else "", f"CUDA {smoke.cuda}" if smoke.cuda else "", smoke.env or ""]
    yield f'<p class="dim">{html(", ".join(one for one in about if one))}</p>'
    yield "<h2>Tests</h2>"
    for result in smoke.results:
        yield from _card(result, report)
    if report.findings:
        yield "<h2>Why</h2><ul>"
        yield from (f"<li>{html(one.message)} <code>{html(one.name)}</code></li>" for one in report.findings)
        yield "</ul>"
    commands = list(dict.fromkeys(command for one in smoke.results if (command := report.next_command(one))))
    if commands:
        lines = "\n".join(html(one) for one in commands)
        yield f"<h2>Next</h2><pre>{lines}</pre>"


def _card(result: SmokeResult, report: SmokeReport) -> Iterator[str]:
    mark = "error" if result.outcome in BAD else "absent" if result.outcome == "skip" else "ok"
    seconds = "" if result.seconds is None else f", {result.seconds:.2f} s"
    yield '<section class="card">'
    yield f'<h3>{_mark(mark)} {html(result.name)} <span class="dim">{html(device_of(result, report))}</span></h3>'
    yield f'<p class="dim">{html(result.layer)}: {result.outcome}{seconds}</p>'
    if result.message:
        yield f"<p>{html(result.message)}</p>"
    if result.suspects:
        yield f"<p>Points to: {html(', '.join(result.suspects))}</p>"
    if result.figures:
        yield "<details><summary>Figures</summary><table><tbody>"
        for name, value in result.figures.items():
            yield f'<tr><th scope="row">{html(name)}</th><td>{html(figure(value))}</td></tr>'
        yield "</tbody></table></details>"
    yield "</section>"


def _mark(mark: str) -> str:
    return f'<span class="mark {mark}">{ {"ok": "✓", "error": "✗", "absent": "–"}[mark] }</span>'
