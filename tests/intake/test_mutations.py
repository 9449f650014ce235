"""Reports as pipes, terminals and log collectors leave them: the cause stays, or what was cut is asked for."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.api import examine as api

CASES = Path(__file__).parents[3] / "shared" / "cases"
FILES = sorted(CASES.glob("*.json"))
MOST_CHANGED = 0.04
"""Share of reports that may lose their first cause to another one, and name that one: the text left decides for it."""


def grep(text: str) -> str:
    """`grep -i nvidia`."""
    return "\n".join(line for line in text.splitlines() if "nvidia" in line.lower())


def tail(text: str) -> str:
    """`tail -n 15`."""
    return "\n".join(text.splitlines()[-15:])


def wrapped(text: str) -> str:
    """A terminal of 78 columns, copied."""
    return "\n".join(
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, 78, drop_whitespace=False, break_on_hyphens=False) or [""]
    )


def journald(text: str) -> str:
    """Every line as journalctl prints it."""
    return "\n".join(f"Oct 13 09:23:21 node1 app[7155]: {line}" for line in text.splitlines())


def docker(text: str) -> str:
    """`docker logs -t`."""
    return "\n".join(f"2026-10-13T09:23:21.828725193Z {line}" for line in text.splitlines())


def kubectl(text: str) -> str:
    """`kubectl logs --prefix`."""
    return "\n".join(f"[pod/app-5d4f8c7b9-x2v7q/main] {line}" for line in text.splitlines())


def quoted(text: str) -> str:
    """An answer by mail, or in a Markdown issue."""
    return "\n".join(f"> {line}" for line in text.splitlines())


CUTS = (grep, tail)
CHANGES = (grep, tail, wrapped, journald, docker, kubectl, quoted)


@cache
def whole(path: Path) -> tuple[str, tuple[str, ...]]:
    text = json.loads(path.read_text(encoding="utf-8"))["input_text"]
    return text, api.diagnose(text).root_causes


def outcome(path: Path, change: Callable[[str], str]) -> str:
    """same, asked, lost (nothing is named, and nothing asked), or other (another cause is named)."""
    text, before = whole(path)
    left = change(text)
    after = api.diagnose(left)
    if before[:1] == after.root_causes[:1] or (before and before[0] in after.root_causes):
        return "same"
    if after.root_causes and before:
        return "other"
    if after.root_causes:
        return "more"
    named = [one.name for one in after.suspects]
    return "asked" if after.ask is not None or before[0] in named or not left.strip() else "lost"


def outcomes(change: Callable[[str], str], files: list[Path]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in files:
        found.setdefault(outcome(path, change), []).append(path.stem)
    return found


def skip_without_cases() -> None:
    if not FILES:
        pytest.skip("no folder `shared/cases` beside the checkout: its reports are not part of the project")


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_some_reports_keep_their_cause(change: Callable[[str], str]) -> None:
    skip_without_cases()
    judged(change, FILES[::9])


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_all_reports_keep_their_cause(change: Callable[[str], str]) -> None:
    skip_without_cases()
    judged(change, FILES)


def judged(change: Any, files: list[Path]) -> None:
    found = outcomes(change, files)
    other = found.get("other", [])
    assert len(other) <= max(1, MOST_CHANGED * len(files)), other
    if change not in CUTS:  # nothing was taken away, so nothing may be missed
        missed = [*found.get("lost", []), *found.get("asked", [])]
        assert len(missed) <= max(1, MOST_CHANGED * len(files)), missed
