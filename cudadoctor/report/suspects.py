"""Where no check decides: which causes are likely, which one stands out, and what would decide it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.docs import page
from cudadoctor.checks.engine.likelihood import (
    MOST,
    WORTH_NAMING,
    Likely,
    Question,
    Sign,
    belief,
    best_question,
    rank,
    stands_out,
)
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.rates import signs, states
from cudadoctor.checks.rates.factors import FACTORS
from cudadoctor.checks.rates.questions import QUESTIONS
from cudadoctor.facts.base import Facts
from cudadoctor.report.model import Ask, Decide, Suspect

MERE_SIGNS = ("cuda-driver-init-fails", "nvidia-smi-fails", "torch-cuda-unavailable", "torch-import-fails")
"""Findings that say that something fails, never why: on a live machine they stand for what could not be found out, of a
text they are what it says anyway."""
ALWAYS_GENERAL = ("driver-module-not-loaded", "no-devices-found")
GENERAL = (
    *("torch-import-missing-library", "wrong-interpreter", "nvidia-smi-missing", "libcuda-missing", "nvidia-smi-hangs"),
)
"""Causes with special forms that have names of their own: found, they may still be one of these."""
_CONTRADICTED = 0.2
"""Circumstances that make a cause this much less likely contradict a check that was not sure."""
_FOUND = 3.0
"""How many times as likely a cause is that a check found without being sure."""


class Weighed(Struct, frozen=True, kw_only=True):
    """What likelihood adds to the findings."""

    finding: Finding | None = None
    """The cause that stands out, where no check decided one."""
    dropped: tuple[str, ...] = ()
    """Ids of findings that the circumstances make unlikely, and of which no check was sure."""
    follow: tuple[str, ...] = ()
    """Ids of findings that leave open why, and follow from the one that stands out."""
    suspects: tuple[Suspect, ...] = ()
    ask: Ask | None = None


def open_question(finding: Finding, present: Collection[str] = ()) -> bool:
    """The finding leaves open what the cause is: a mere sign, a general name, only possible, or contradicted."""
    if finding.name in MERE_SIGNS or finding.name in ALWAYS_GENERAL or finding.confidence is Confidence.POSSIBLE:
        return True
    return finding.confidence is not Confidence.CERTAIN and (finding.name in GENERAL or _unlikely(finding, present))


def _unlikely(finding: Finding, present: Collection[str]) -> bool:
    return belief(finding.name, present, FACTORS) <= _CONTRADICTED


def weigh_text(facts: Facts, findings: tuple[Finding, ...], chosen: Collection[str]) -> Weighed:
    """For a pasted text. `findings`: those that could be its cause; `chosen`: codes of checks that may be named."""
    present = states.present(facts)
    seen = signs.of(present)
    roots = [one for one in findings if not one.because_of and one.severity > Severity.INFO]
    decided = [one for one in roots if not open_question(one, present)]
    if decided:
        if decided[0].confidence is Confidence.CERTAIN:
            return Weighed()
        ranked = _ranked(seen, present, (), chosen)
        if not any(one.name == decided[0].name for one in ranked):
            return Weighed()  # no sign has both: what is decided explains what is there
        others = tuple(one for one in ranked if one.name not in {two.name for two in findings})
        found = _suspects(others, facts, present, most=3)
        return Weighed(suspects=found, ask=_ask(ranked, present) if found else None)
    if not seen or (facts.gpus == () and not present.intersection(("cuda-asked-for", "program-finds-no-gpu"))):
        return Weighed()
    ranked = _ranked(seen, present, tuple(one.name for one in roots), chosen)
    ask = _ask(ranked, present)
    first = ranked[0] if stands_out(ranked) else None
    dropped = tuple(
        one
        for one in roots
        if one.name not in MERE_SIGNS and (first is None or first.name != one.name) and _unlikely(one, present)
    )
    named = {one.name for one in roots if one.name not in MERE_SIGNS and one not in dropped}
    if first is None:
        left = tuple(one for one in ranked if one.name not in named)
        return Weighed(dropped=_ids(dropped), suspects=_suspects(left, facts, present), ask=ask)
    rivals = {one.name for one in ranked}
    possible = [one for one in roots if one.confidence is Confidence.POSSIBLE and one.name in rivals - {first.name}]
    return Weighed(
        finding=None if first.name in named else _finding(first, facts),
        dropped=_ids((*dropped, *possible)),
        follow=_ids([one for one in roots if one.name != first.name]),
        suspects=_suspects(tuple(one for one in ranked if one.name != first.name), facts, present),
        ask=ask,
    )


def _ask(ranked: Sequence[Likely], present: frozenset[str]) -> Ask | None:
    question = best_question(QUESTIONS, ranked, present)
    return Ask(command=question.command, why=question.why) if question is not None else None


def _ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(one.id for one in findings)


def weigh_machine(
    facts: Facts, findings: tuple[Finding, ...], passed: Collection[str], chosen: Collection[str]
) -> tuple[Suspect, ...]:
    """For an examined machine: where something fails and no check says why, the causes that no check ruled out."""
    roots = [one for one in findings if not one.because_of and one.severity is Severity.ERROR]
    if not roots or not all(open_question(one) for one in roots):
        return ()
    present = states.present(facts)
    names = {one.name for one in findings}
    out = {check.name for check in registry.all_checks() if check.code in passed}
    ranked = rank(signs.of(present), present, FACTORS, ruled_out=out)
    left = tuple(one for one in ranked if one.name not in names and _code(one.name) in chosen)
    return _suspects(left, facts, present)


def _ranked(
    seen: tuple[Sign, ...], present: frozenset[str], found: tuple[str, ...], chosen: Collection[str]
) -> tuple[Likely, ...]:
    factors: Mapping[str, Mapping[str, float]] = FACTORS
    if found:
        factors = {**FACTORS, **{name: {**FACTORS.get(name, {}), "found-here": _FOUND} for name in found}}
        present = present | {"found-here"}
    out = {name for sign in seen for name in sign.causes if _code(name) not in chosen}
    return rank(seen, present, factors, ruled_out=out)


def _code(name: str) -> str | None:
    check = registry.find(name)
    return check.code if check is not None else None


def _finding(likely: Likely, facts: Facts) -> Finding | None:
    check = registry.find(likely.name)
    if check is None:
        return None
    evidence = tuple(one.seen for one in facts.symptoms or () if one.kind in likely.signs)[:3]
    return Finding(
        code=check.code,
        name=check.name,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        subject="machine",
        message=f"most likely: {_summary(likely.name)} ({_reasons(likely, facts)})",
        evidence=evidence,
        source=likely.source,
    )


def _summary(name: str) -> str:
    """The first sentence of the cause's page, to stand within another."""
    check = registry.find(name)
    text = page(check.doc).summary.rstrip(".") if check is not None else name
    first, _, rest = text.partition(" ")
    return text if first != first.capitalize() or first == "CUDA" else f"{first.lower()} {rest}"


def _reasons(likely: Likely, facts: Facts) -> str:
    """What points to it: its signs, then the circumstances that make it likelier."""
    words = [*dict.fromkeys((*likely.signs, *(one for one in likely.circumstances if one != "found-here")))]
    return "; ".join(dict.fromkeys(states.shown(word, facts) for word in words[:3]))


def _suspects(
    ranked: tuple[Likely, ...], facts: Facts, present: frozenset[str], most: int = MOST
) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            name=one.name,
            confidence=Confidence.LIKELY if stands_out((one,)) else Confidence.POSSIBLE,
            why=f"{_summary(one.name)}: {_reasons(one, facts)}",
            decide=_decide(one, present),
        )
        for one in ranked[:most]
        if one.share >= WORTH_NAMING
    )


def _decide(likely: Likely, present: frozenset[str]) -> Decide:
    """What tells this one cause from all others."""
    question: Question | None = best_question(QUESTIONS, (likely,), present)
    if question is None:
        return Decide(text=f"See how it is recognised: cudadoctor explain {likely.name}",
                      argv=("cudadoctor", "explain", likely.name))  # fmt: skip
    return Decide(text=f"{question.command} ({question.why})", argv=_argv(question.command))


def _argv(command: str) -> tuple[str, ...] | None:
    """The command as a list of words, where no shell is needed for it."""
    if any(mark in command for mark in "|;<>$*'\"&~"):
        return None
    return tuple(command.split())
