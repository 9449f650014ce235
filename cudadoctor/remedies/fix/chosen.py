"""Which findings are planned: all root causes, or what the user named."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding


class Chosen(Struct, frozen=True, kw_only=True):
    """The findings to cure."""

    findings: tuple[Finding, ...]
    along: tuple[Finding, ...]
    """Others, that may be cured where their file is written anyhow."""
    by_name: frozenset[str]
    """Names of findings that the user named in full: their unsafe steps are done, too."""
    notes: tuple[str, ...]


def codes(named: Sequence[str]) -> dict[str, frozenset[str]]:
    """What each word names: a code, a name, the beginning of codes, or ALL.

    Raises CudaDoctorError for one that names none.
    """
    return {word: frozenset(registry.selected(word)) for word in named}


def choose(findings: Sequence[Finding], roots: Sequence[str], named: Sequence[str]) -> Chosen:
    """The findings to cure, in the report's order. A symptom that was named stands for its causes."""
    by_id = {one.id: one for one in findings}
    causes = [one for one in findings if not one.because_of]
    if not named:
        # Information counts only where it explains something worse.
        explaining = {cause for one in findings for cause in one.because_of}
        wanted: list[Finding] = []
        along: list[Finding] = []
        for one in causes:
            counts = one.name in roots and (one.severity > Severity.INFO or one.id in explaining)
            (wanted if counts else along).append(one)
        return Chosen(findings=tuple(wanted), along=tuple(along), by_name=frozenset(), notes=())
    wanted_ids: dict[str, None] = {}
    full: set[str] = set()
    notes: list[str] = []
    for word, fit in codes(named).items():
        matched = [one for one in findings if one.code in fit]
        if not matched:
            notes.append(f"`{word}`: not found on this machine")
        for one in matched:
            exact = word.strip().lower() in (one.name, one.code.lower())
            for cause in _causes(one, by_id):
                wanted_ids[cause.id] = None
                if exact and cause is one:
                    full.add(cause.name)
                elif exact:
                    notes.append(f"`{word}` follows from `{cause.name}`, which is cured")
    return Chosen(
        findings=tuple(one for one in findings if one.id in wanted_ids),
        along=(),
        by_name=frozenset(full),
        notes=tuple(dict.fromkeys(notes)),
    )


def _causes(finding: Finding, by_id: dict[str, Finding]) -> list[Finding]:
    """What the finding comes from in the end; itself where nothing explains it."""
    out: list[Finding] = []
    todo, seen = [finding], set[str]()
    while todo:
        one = todo.pop(0)
        if one.id in seen:
            continue
        seen.add(one.id)
        above = [by_id[cause] for cause in one.because_of if cause in by_id]
        if above:
            todo += above
        else:
            out.append(one)
    return out
