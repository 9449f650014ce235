"""The right-hand side of an assignment in an rc file, cut into the entries of a search path; or nothing at all.

Only what is understood for certain is cut: a command substitution, an operator, a pattern or a second command gives
None, and the line is left to its owner.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIMPLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-)?\}|([A-Za-z_][A-Za-z0-9_]*))")
_IF_SET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?\+(:?)\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_]\w*))(:?)\}")
_ENDS = frozenset(" \t\r;&|()<>")
_UNKNOWN = frozenset("`*?[]!\r\n")
PLAIN = re.compile(r"[A-Za-z0-9_./+@%,=-]+\Z")
"""Letters that mean themselves in every shell, quoted or not."""


class Piece(Struct, frozen=True, kw_only=True):
    """A part of a word."""

    kind: Literal["text", "ref", "old", "divider"]
    """text: itself. ref: another variable. old: the variable's own value. divider: between two entries."""
    text: str = ""
    """The letters, or the other variable's name."""
    soft: bool = False
    """Of a divider: it is there only where the old value is."""


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a search path."""

    old: bool = False
    """It is the old value of the variable."""
    pieces: tuple[Piece, ...] = ()

    @property
    def literal(self) -> str | None:
        """Its text, where no other variable is in it."""
        return None if any(one.kind != "text" for one in self.pieces) else "".join(one.text for one in self.pieces)


class Words(Struct, frozen=True, kw_only=True):
    """A right-hand side."""

    entries: tuple[Entry, ...]
    """Without the empty ones."""
    empties: bool
    """One of them is empty, or becomes so where the variable is not set."""
    end: int
    """The offset behind the word."""

    @property
    def keeps(self) -> bool:
        """The old value is in it."""
        return any(one.old for one in self.entries)


def scan(text: str, start: int, variable: str) -> Words | None:
    """The word of sh, bash and zsh that begins at `start`, as a value of `variable`."""
    pieces: list[Piece] = []
    at, quoted_now = start, False
    while at < len(text):
        letter = text[at]
        if letter == '"':
            quoted_now, at = not quoted_now, at + 1
            continue
        if not quoted_now and letter in _ENDS:
            break
        found = _next(text, at, variable, quoted=quoted_now, first=at == start or text[at - 1] == ":")
        if found is None:
            return None
        pieces.extend(found[0])
        at = found[1]
    return None if quoted_now else words(pieces, at)


def _next(text: str, at: int, variable: str, *, quoted: bool, first: bool) -> tuple[list[Piece], int] | None:
    """What stands at that place, and the offset behind it; `first`: at the beginning of an entry."""
    letter = text[at]
    if letter == "$":
        return _variable(text, at, variable)
    if letter == "\\":
        following = text[at + 1 : at + 2]
        kept = quoted and following not in '$`"\\'
        return ([Piece(kind="text", text=f"\\{following}" if kept else following)], at + 2) if following else None
    if letter in _UNKNOWN:
        return None
    if quoted or letter not in "'~":
        return [_letter(letter)], at + 1
    if letter == "'":
        end = text.find("'", at + 1)
        return None if end < 0 else ([_letter(one) for one in text[at + 1 : end]], end + 1)
    if not first:
        return [_letter(letter)], at + 1
    return ([Piece(kind="ref", text="HOME")], at + 1) if text[at + 1 : at + 2] in ("/", ":", "") else None


def _letter(letter: str) -> Piece:
    return Piece(kind="divider") if letter == ":" else Piece(kind="text", text=letter)


def _variable(text: str, at: int, variable: str) -> tuple[list[Piece], int] | None:
    match = _SIMPLE.match(text, at)
    if match:
        name = match.group(1) or match.group(2)
        return [_ref(name, variable)], match.end()
    match = _IF_SET.match(text, at)
    if match is None:
        return None
    asked, before, braced, bare, after = match.groups()
    if asked != variable or (braced or bare) != variable or (before and after):
        return None
    divider = [Piece(kind="divider", soft=True)]
    old = [Piece(kind="old")]
    return (divider if before else []) + old + (divider if after else []), match.end()


def _ref(name: str, variable: str) -> Piece:
    return Piece(kind="old") if name == variable else Piece(kind="ref", text=name)


def words(pieces: list[Piece], end: int) -> Words | None:
    """The entries between the dividers; None where the old value is glued to something, or stands there twice."""
    groups: list[list[Piece]] = [[]]
    around: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.kind == "divider":
            around[-1].append(piece)
            groups.append([])
            around.append([piece])
        else:
            groups[-1].append(piece)
    entries: list[Entry] = []
    empties = False
    for group, dividers in zip(groups, around, strict=True):
        if not group:
            empties = True
        elif any(one.kind == "old" for one in group):
            if len(group) > 1:
                return None
            entries.append(Entry(old=True))
            empties = empties or any(not one.soft for one in dividers)
        else:
            entries.append(Entry(pieces=tuple(group)))
    if sum(one.old for one in entries) > 1:
        return None
    return Words(entries=tuple(entries), empties=empties, end=end)


def quoted(entry: Entry) -> str | None:
    """The entry as it stands between double quotes in sh; None for letters that no path has."""
    out: list[str] = []
    for piece in entry.pieces:
        if piece.kind == "ref":
            out.append(f"${{{piece.text}}}")
            continue
        if any(ord(letter) < 32 or letter in "!\x7f" for letter in piece.text):
            return None
        out.append("".join(f"\\{letter}" if letter in '$`"\\' else letter for letter in piece.text))
    return "".join(out)


def is_name(text: str) -> bool:
    """A variable's name."""
    return _NAME.fullmatch(text) is not None
