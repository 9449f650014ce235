"""The report: what every renderer draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from cudadoctor.checks.engine.base import Confidence
from cudadoctor.checks.engine.outcome import Crashed, Finding, Skipped
from cudadoctor.facts.base import Facts
from cudadoctor.facts.expected import Ignored
from cudadoctor.facts.smoke import SmokeFacts, SmokeResult
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import Remedy

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


class Decide(Struct, frozen=True, kw_only=True):
    """What would show whether a suspect is the cause."""

    text: str
    """A command, and what its output tells."""
    argv: tuple[str, ...] | None = None
    """The command by itself; None where it needs a shell."""


class Suspect(Struct, frozen=True, kw_only=True):
    """A cause that may be the one, where no check decided it."""

    name: str
    confidence: Confidence
    why: str
    decide: Decide


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
    ignored: tuple[Ignored, ...] = ()
    """Left out on purpose, by `cudadoctor.toml`."""
    no_longer_ignored: tuple[Ignored, ...] = ()
    """Their last day is over."""
    suspects: tuple[Suspect, ...] = ()
    """Likeliest first, at most five; empty where the cause is decided, and where nothing is wrong."""


class SmokeReport(Struct, frozen=True, kw_only=True):
    """One run of the smoke tests, judged."""

    status: Literal["passed", "failed"]
    sentence: str
    """One line: what was proved, or what failed and why."""
    smoke: SmokeFacts
    findings: tuple[Finding, ...] = ()
    """What examining the machine found; only looked for where the tests failed."""
    root_causes: tuple[str, ...] = ()
    """Names of what the failure comes from."""
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    shares: Mapping[str, str] = field(default_factory=dict)
    """Remarks on speed, by `name@gpu`: information."""
    known: frozenset[str] = frozenset()
    """Names that `explain` has a page for."""

    def next_command(self, result: SmokeResult) -> str | None:
        """What to type about a test that did not pass."""
        if result.outcome in ("pass", "skip"):
            return None
        named = next((name for name in (*self.root_causes, *result.suspects) if name in self.known), None)
        return f"cudadoctor explain {named}" if named else "cudadoctor check"
