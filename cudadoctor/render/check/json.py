"""Checks for `explain --json`."""

from __future__ import annotations

from typing import Any

from cudadoctor.checks.engine.base import Check
from cudadoctor.checks.engine.causes import EXPLAINS
from cudadoctor.checks.engine.docs import page


def row(check: Check) -> dict[str, Any]:
    """One check in the list of all of them."""
    return {
        "code": check.code,
        "name": check.name,
        "severity": check.severity.word,
        "summary": page(check.doc).summary,
    }


def whole(check: Check) -> dict[str, Any]:
    """One check with its page."""
    parts = page(check.doc)
    return {
        **row(check),
        "why": parts.why or None,
        "how_we_know": parts.known or None,
        "fix": parts.fix or None,
        "harmless_when": parts.harmless or None,
        "sources": list(parts.sources),
        "explains": list(EXPLAINS.get(check.name, ())),
        "explained_by": [name for name, effects in EXPLAINS.items() if check.name in effects],
    }
