"""A smoke report as text, JSON, JUnit, GitHub's lines and Markdown; each `render(report) -> str`."""

from __future__ import annotations

from cudadoctor.facts.smoke import SmokeResult
from cudadoctor.report.model import SmokeReport

BAD = ("fail", "timeout", "crash", "hang")


def device_of(result: SmokeResult, report: SmokeReport) -> str:
    """`GPU 0`, `CPU`, or `all` for what is about no single device."""
    if result.gpu is not None:
        return f"GPU {result.gpu}"
    return "CPU" if not report.smoke.on_gpu else "all"


def figure(value: object) -> str:
    """A figure, short."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(figure(one) for one in value[:8])
    return str(value)
