"""Faulty lines of rc files → one step for each file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import PlanStep, Remedy, Tell, WriteFile
from cudadoctor.remedies.rc.edit import Edited, edit
from cudadoctor.remedies.rc.model import LineEdit, words
from cudadoctor.remedies.steps import advice, digest
from cudadoctor.remedies.who import fit, reader

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

_LISTS: tuple[Cause, ...] = (
    "ld-path-entry-missing",
    "ld-path-empty-element",
    "path-duplicates",
    "path-grows-on-sourcing",
    "ld-path-has-stubs",
)
"""Faults that are cured together, where a line of the same file is written anew."""
_MAY_BE_ROOT = ("root", "sudo", "unknown")


class Corrected(Struct, frozen=True, kw_only=True):
    """What became of the findings about lines."""

    steps: tuple[PlanStep, ...]
    handled: tuple[Finding, ...]
    """Findings of which every line is corrected, or told because it is not understood for certain."""


def correct(
    planned: Sequence[Finding],
    others: Sequence[Finding],
    remedies: Mapping[str, Remedy],
    facts: Facts,
    *,
    home: str,
    files: Mapping[str, bytes],
) -> Corrected:
    """One step for each file. `others`: findings that are cured along where their file is written anyhow."""
    wanted = {one.id: remedies[one.id].edits for one in planned if one.id in remedies}
    asked = {wish.line.file for found in wanted.values() for wish in found}
    known = {one.id: one for one in planned}
    for one in others:
        along = remedies[one.id].edits if one.name in _LISTS and one.id in remedies else ()
        if along and all(wish.line.file in asked for wish in along):
            wanted[one.id] = along
            known[one.id] = one
    steps: list[PlanStep] = []
    done: dict[str, Edited] = {}
    for path in dict.fromkeys(wish.line.file for found in wanted.values() for wish in found):
        data = files.get(path)
        if data is None:
            continue
        every = [wish for found in wanted.values() for wish in found if wish.line.file == path]
        edited = edit(path, data, every)
        done[path] = edited
        names = [known[name].name for name, found in wanted.items() if any(one in _of(edited, found) for one in found)]
        if edited.data == data or not names:
            continue
        steps.append(
            _step(f"{names[0]}-{len(steps) + 1}", data, edited, facts, home, causes=tuple(dict.fromkeys(names)))
        )
    for one in planned:
        left = [wish for wish in wanted[one.id] if not _is_done(done, wish)]
        steps += [_left(one, number, wish) for number, wish in enumerate(left, 1)]
        if wanted[one.id]:
            steps += _beside(one, remedies[one.id])
    handled = [known[name] for name, found in wanted.items() if found and (known[name] in planned or _all(done, found))]
    if any(isinstance(one.action, WriteFile) for one in steps):
        steps.append(_new_shell(steps))
    return Corrected(steps=tuple(steps), handled=tuple(handled))


def _key(wish: LineEdit) -> tuple[int, str]:
    return wish.line.line, wish.line.variable


def _of(edited: Edited, found: Sequence[LineEdit]) -> list[LineEdit]:
    keys = {_key(one) for one in edited.done}
    return [wish for wish in found if _key(wish) in keys]


def _is_done(done: Mapping[str, Edited], wish: LineEdit) -> bool:
    return wish.line.file in done and bool(_of(done[wish.line.file], (wish,)))


def _all(done: Mapping[str, Edited], found: Sequence[LineEdit]) -> bool:
    return all(_is_done(done, wish) for wish in found)


def _left(finding: Finding, number: int, wish: LineEdit) -> PlanStep:
    """A line that only its owner changes."""
    line = wish.line
    text = f"{line.file} line {line.line}: {words(wish)}. It is left to you: not simple enough to be changed for you."
    return PlanStep(
        id=f"{finding.name}-l{number}",
        title=f"Correct line {line.line} of {posixpath.basename(line.file)} by hand",
        why=finding.message,
        action=Tell(text=text),
        source=finding.source,
    )


def _step(number: str, data: bytes, edited: Edited, facts: Facts, home: str, *, causes: Sequence[str]) -> PlanStep:
    path = edited.path
    lines = ", ".join(str(place) for place, _, _ in edited.changes)
    many = len(edited.changes) > 1
    why = f"line{'s' if many else ''} {lines} of {path} {'are' if many else 'is'} written anew; the rest stays as it is"
    if len(causes) > 1:
        why = f"{', '.join(causes)}: {why}"
    own = bool(home) and path.startswith(f"{home.rstrip('/')}/")
    if not own and reader(facts) not in _MAY_BE_ROOT:
        text = " ".join(
            f"In {path} line {place}: {f'write `{new}` for `{old}`' if new else f'take `{old}` out'}."
            for place, old, new in edited.changes
        )
        message = advice(text, title=f"correct {path}", needs_root=True)
        asked = fit(Remedy(summary="", steps=(message,)), facts).steps[0]
        return replace(asked, id=number, title=message.title, why=why)
    return PlanStep(
        id=number,
        title=f"Correct {_short(path, home)}",
        why=why,
        action=WriteFile(
            path=path,
            text=edited.data.decode("utf-8", "surrogateescape"),
            why=why,
            safety="safe" if own else "system",
            needs_root=not own,
            before=digest(data),
        ),
    )


def _short(path: str, home: str) -> str:
    return f"~{path[len(home.rstrip('/')) :]}" if home and path.startswith(f"{home.rstrip('/')}/") else path


def _beside(finding: Finding, remedy: Remedy) -> list[PlanStep]:
    """What the remedy says beside the line: for the shell that is open now."""
    out: list[PlanStep] = []
    for step in remedy.steps:
        if step.beside_edits:
            out.append(replace(step, id=f"{finding.name}-t{len(out) + 1}", why=finding.message))
    return out


def _new_shell(steps: Sequence[PlanStep]) -> PlanStep:
    written = [one for one in steps if isinstance(one.action, WriteFile)]
    names = ", ".join(posixpath.basename(one.action.path) for one in written if isinstance(one.action, WriteFile))
    return PlanStep(
        id="new-shell",
        title="Open a new shell",
        why=f"the shell that is open has read {names} as it was",
        action=Tell(text="Open a new shell: the corrected lines count from then on.", safety="safe"),
        needs=tuple(one.id for one in written),
    )
