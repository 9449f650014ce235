"""The report: what every renderer draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from cudadoctor.checks.outcome import Crashed, Finding, Skipped
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.steps import Remedy

Status = Literal["healthy", "warnings", "broken", "no-gpu", "unknown"]


class SetUp(Struct, frozen=True, kw_only=True):
    """What this user would type next: lines for the shell, and the install command."""

    shell: tuple[str, ...] = ()
    """Lines for the user's shell, ready for its rc file; empty where they are in place or no toolkit is there."""
    toolkit: str | None = None
    """The root of the toolkit that the lines are for."""
    install: Recommendation | None = None
    """The torch for this machine; None where the one that is installed fits."""


class Ask(Struct, frozen=True, kw_only=True):
    """What to ask for next, where nothing could be decided."""

    command: str
    """The one command whose output would decide it."""
    why: str


class Report(Struct, frozen=True, kw_only=True):
    """One examined machine."""

    status: Status
    verdict: str
    """One line: healthy, or the root cause and its cure."""
    root_causes: tuple[str, ...]
    findings: tuple[Finding, ...]
    remedies: Mapping[str, Remedy]
    """By finding id."""
    skipped: tuple[Skipped, ...]
    crashed: tuple[Crashed, ...]
    set_up: SetUp
    facts: Facts
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds by probe."""
    checks_run: int = 0
    passed: tuple[str, ...] = ()
    """Codes of the checks that found nothing."""
    pasted: bool = False
    """The facts are of a text that somebody pasted: what they lack is not known, and the machine is not this one."""
    ask: Ask | None = None
