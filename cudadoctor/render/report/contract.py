"""The keys of `cudadoctor.report/1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from cudadoctor.checks.engine.outcome import Crashed as InnerCrashed
from cudadoctor.checks.engine.outcome import Finding as InnerFinding
from cudadoctor.checks.engine.outcome import Skipped as InnerSkipped
from cudadoctor.facts.base import Gap as InnerGap
from cudadoctor.facts.expected import Ignored
from cudadoctor.remedies import plan
from cudadoctor.render.contract import (
    CheckCode,
    Contract,
    Evidence,
    FindingId,
    Name,
    NotNegative,
    Rules,
    Source,
    Subject,
    Tool,
    shows,
)
from cudadoctor.render.recommendation.contract import Recommendation
from cudadoctor.render.report.facts import FactsSection
from cudadoctor.report import model

Severity = Literal["error", "warning", "info"]
Confidence = Literal["certain", "likely", "possible"]
Safety = Annotated[
    Literal["safe", "system", "manual"],
    Meta(
        description="safe: reversible, one environment or one of the user's own files. system: root, packages. "
        "manual: only shown."
    ),
]


class Step(Contract):
    """Every step has all keys, so that a reader needs no cases: what a kind does not have is null."""

    not_null: ClassVar[Mapping[str, tuple[str, ...]]] = {"run": ("argv",), "write": ("path", "text"), "tell": ("text",)}
    kind: Literal["run", "write", "tell"]
    argv: Annotated[list[str], Meta(min_length=1)] | None
    path: str | None
    text: str | None
    why: str | None
    safety: Safety
    needs_root: bool


def step_values(step: plan.ByHand) -> dict[str, object]:
    """What of a step is null, and what its kind has."""
    return {
        "argv": step.argv if isinstance(step, plan.Run) else None,
        "path": step.path if isinstance(step, plan.WriteFile) else None,
        "text": None if isinstance(step, plan.Run) else step.text,
        "why": None if isinstance(step, plan.Tell) else step.why,
    }


@shows(plan.Remedy)
class Remedy(Contract):
    """What cures a finding."""

    summary: str
    steps: list[Step]


@shows(InnerFinding)
class Finding(Contract):
    """Something that is wrong, or worth knowing."""

    computed: ClassVar[Rules] = {
        "severity": lambda one: one.severity.word,
        "confidence": lambda one: one.confidence.word,
    }
    id: FindingId
    code: CheckCode
    name: Name
    severity: Severity
    confidence: Confidence
    subject: Subject
    message: str
    evidence: list[Evidence]
    because_of: list[str]
    remedy: Remedy | None
    source: Source | None


@shows(InnerSkipped)
class Skipped(Contract):
    """A check that could not decide."""

    code: CheckCode
    name: Name
    reason: str
    subject: str | None


@shows(InnerCrashed)
class Crashed(Contract):
    """A check that failed itself, a bug."""

    code: CheckCode
    name: Name
    error: str


class SetUp(Contract):
    """What this user would type next."""

    shell: list[str]
    install: Recommendation | None


@shows(InnerGap)
class Gap(Contract):
    """A fact that is not known, and why."""

    fact: str
    reason: str


@shows(model.Ask)
class Ask(Contract):
    """What to ask for next, where nothing could be decided."""

    command: str
    why: str


@shows(model.Decide)
class Decide(Contract):
    """What would show whether a suspect is the cause."""

    text: str
    argv: list[str] | None


@shows(model.Suspect)
class Suspect(Contract):
    """A cause that may be the one, where no check decided it."""

    computed: ClassVar[Rules] = {"confidence": lambda one: one.confidence.word}
    name: Name
    confidence: Confidence
    why: str
    decide: Decide


@shows(Ignored)
class IgnoredCause(Contract):
    """A cause that `cudadoctor.toml` leaves out."""

    name: str
    reason: str
    until: str | None
    origin: str


class Report(Contract):
    """What `cudadoctor check --json` and `cudadoctor diagnose --json` print."""

    schema: Literal["cudadoctor.report/1"]
    tool: Tool
    status: Literal["healthy", "warnings", "broken", "no-gpu", "unknown"]
    verdict: Annotated[str, Meta(description="One line: healthy, or the root cause and its cure.")]
    root_causes: list[Name]
    findings: list[Finding]
    skipped: list[Skipped]
    crashed: list[Crashed]
    passed: list[CheckCode]
    checks_run: int
    set_up: SetUp
    facts: FactsSection
    gaps: list[Gap]
    ask: Ask | None
    ignored: list[IgnoredCause]
    suspects: Annotated[
        list[Suspect],
        Meta(max_length=5, description="Where nothing, or not enough, is decided: likeliest first."),
    ]
    timings: Annotated[dict[str, NotNegative], Meta(description="Seconds by probe.")]
