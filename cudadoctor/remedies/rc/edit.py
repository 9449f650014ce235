"""The bytes of an rc file with its faulty lines corrected, and everything else as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from cudadoctor.remedies.rc import other as rc_other
from cudadoctor.remedies.rc import sh as rc_sh
from cudadoctor.remedies.rc.model import LineEdit, dialect, join

_REWRITE = {"sh": rc_sh.rewrite, "fish": rc_other.fish, "csh": rc_other.csh, "environment": rc_other.environment}


class Edited(Struct, frozen=True, kw_only=True):
    """A file after its corrections."""

    path: str
    data: bytes
    done: tuple[LineEdit, ...]
    """What was done, one for each line."""
    left: tuple[LineEdit, ...]
    """Lines that are not understood for certain, and stay."""
    changes: tuple[tuple[int, str, str], ...]
    """Number, old and new text of each changed line."""


def edit(path: str, data: bytes, wishes: Iterable[LineEdit]) -> Edited:
    """Correct the lines of one file."""
    rows = data.decode("utf-8", "surrogateescape").split("\n")
    by_line: dict[int, list[LineEdit]] = {}
    for wish in wishes:
        by_line.setdefault(wish.line.line, []).append(wish)
    done: list[LineEdit] = []
    left: list[LineEdit] = []
    changes: list[tuple[int, str, str]] = []
    new: dict[int, tuple[str, ...]] = {}
    for number, several in sorted(by_line.items()):
        one = join(several)
        after = _row(path, rows, one) if len({wish.line.variable for wish in several}) == 1 else None
        if after is None:
            left.append(one)
            continue
        done.append(one)
        if after != (rows[number - 1],):
            new[number] = after
            changes.append((number, rows[number - 1].strip(), "\n".join(after).strip()))
    out: list[str] = []
    last = len(rows)
    for number, row in enumerate(rows, 1):
        after = new.get(number, (row,))
        if not after and number == last and out:
            out.append("")  # the line break before it stays
        out.extend(after)
    text = "\n".join(out)
    return Edited(
        path=path,
        data=text.encode("utf-8", "surrogateescape"),
        done=tuple(done),
        left=tuple(left),
        changes=tuple(changes),
    )


def _row(path: str, rows: list[str], wish: LineEdit) -> tuple[str, ...] | None:
    """What becomes of the wish's line; None where it is left alone."""
    number = wish.line.line
    kind = dialect(path)
    if kind is None or wish.line.conditional or not 1 <= number <= len(rows):
        return None
    text = rows[number - 1]
    if " ".join(text.split()) != wish.line.text:
        return None  # it is another one by now, or one that the facts do not hold whole
    before = rows[number - 2] if number > 1 else ""
    after = _REWRITE[kind](text, before, wish)
    if after is None or wish.drops or wish.no_empty or wish.guard or wish.remove or wish.export or not wish.swaps:
        return after
    return _swapped(text, wish) or after


def _swapped(text: str, wish: LineEdit) -> tuple[str, ...] | None:
    """The line with nothing but the directories exchanged, where that says all."""
    adds = [one.text for one in (wish.line.effect.adds if wish.line.effect else ())]
    meant = [dict(wish.swaps).get(one, one).rstrip("/") for one in adds]
    if len(set(meant)) != len(meant):
        return None
    for old, new in wish.swaps:
        text, times = re.subn(rf"(?<![\w./-]){re.escape(old)}(?![\w./-])", new.replace("\\", "\\\\"), text)
        if times != 1:
            return None
    return (text,)
