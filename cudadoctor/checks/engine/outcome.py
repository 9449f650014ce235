"""What became of the checks: findings, and what was skipped or crashed."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.checks.engine.base import Confidence, Severity, Source
from cudadoctor.facts.seen import Seen


class Finding(Struct, frozen=True, kw_only=True):
    """A problem with its names, its weight, and its place in the causal chain."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    evidence: tuple[Seen, ...]
    source: Source | None
    because_of: tuple[str, ...] = ()
    """Ids of the findings that explain this one; empty for a root cause."""
    also: tuple[str, ...] = ()
    """Subjects of further findings of this kind in the same file, which are not listed one by one."""

    @property
    def id(self) -> str:
        """`name@subject`."""
        return f"{self.name}@{self.subject}"


class Skipped(Struct, frozen=True, kw_only=True):
    """A check that could not be decided."""

    code: str
    name: str
    reason: str
    subject: str | None = None
    """Set where only this subject was left out."""


class Crashed(Struct, frozen=True, kw_only=True):
    """A check that raised: a bug of ours, never "passed"."""

    code: str
    name: str
    error: str


class Outcomes(Struct, frozen=True, kw_only=True):
    """All four outcomes of one run."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    crashed: tuple[Crashed, ...] = ()
    passed: tuple[str, ...] = ()
    """Codes."""
