"""What the right-hand side of an assignment comes to, as the shell would follow it; what it cannot tell is marked."""

from __future__ import annotations

import re
from collections.abc import Callable

from cudadoctor.facts.shell import RcEffect, RcElement

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:?[-+]|\})")
_UNKNOWN, _OLD = "\x01", "\x02"
_DEEPEST = 20
_LONGEST = 16384

Lookup = Callable[[str], "str | None"]
"""The value of another variable; None where it is not known."""


def follow(
    value: str, variable: str, before: str | None, lookup: Lookup, dividers: str = ":"
) -> tuple[RcEffect, str | None]:
    """What the line adds, and the value after it; None where a part of that is not known.

    `value` as the parser gives it: no quotes, nothing expanded. `before`: None where the variable is not set.
    """
    unknown: list[str] = []

    def of(own: str | None) -> str:
        unknown.clear()
        return _expand(value[:_LONGEST], lambda name: own if name == variable else lookup(name), variable, unknown, 0)

    kept = _split(of(_OLD), dividers)
    adds = tuple(RcElement(text=part, exists=None) for part in kept if part and not {_OLD, _UNKNOWN} & set(part))
    result = of(before)
    parts = _split(result, dividers)
    effect = RcEffect(
        adds=adds,
        keeps=any(_OLD in part for part in kept),
        leaves_empty="" in parts and len(parts) > 1,
        unknown=tuple(dict.fromkeys(unknown)),
    )
    return effect, None if _UNKNOWN in result else result


def plain(value: str, lookup: Lookup) -> str | None:
    """A value that is no list; None where it cannot be followed."""
    unknown: list[str] = []
    found = _expand(value[:_LONGEST], lookup, "", unknown, 0)
    return None if unknown else found


def _split(text: str, dividers: str) -> list[str]:
    return re.split(f"[{dividers}]", text)


def _expand(text: str, lookup: Lookup, own: str, unknown: list[str], depth: int) -> str:
    out: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "~" and (at == 0 or text[at - 1] == ":") and text[at + 1 : at + 2] in ("/", ":", ""):
            out.append(lookup("HOME") or _UNKNOWN)
            at += 1
        elif letter == "`":
            end = text.find("`", at + 1)
            end = len(text) if end < 0 else end + 1
            unknown.append(text[at:end])
            out.append(_UNKNOWN)
            at = end
        elif letter == "$":
            piece, at = _variable(text, at, lookup, own, unknown, depth)
            out.append(piece)
        else:
            out.append(letter)
            at += 1
    return "".join(out)


def _variable(  # noqa: PLR0917  one recursion, one set of values
    text: str, at: int, lookup: Lookup, own: str, unknown: list[str], depth: int
) -> tuple[str, int]:
    """What `$NAME`, `${NAME…}` or `$(…)` at that place comes to, and the offset behind it."""
    match = _NAME.match(text, at + 1)
    if match:
        return _known(match.group(), lookup, own, unknown), match.end()
    if text[at + 1 : at + 2] not in ("{", "("):
        unknown.append(text[at : at + 2])
        return _UNKNOWN, at + 2
    end = _closing(text, at + 1)
    operator = _OPERATOR.match(text, at + 1) if depth < _DEEPEST else None
    if operator is None:
        unknown.append(text[at:end])
        return _UNKNOWN, end
    name, how = operator.groups()
    if how == "}":
        return _known(name, lookup, own, unknown), end
    word = text[operator.end() : end - 1]
    value = lookup(name)
    if value is None and name != own:
        unknown.append(text[at:end])
        return _UNKNOWN, end
    there = value is not None and (value != "" or ":" not in how)
    if "+" in how:
        return (_expand(word, lookup, own, unknown, depth + 1) if there else ""), end
    return ((value or "") if there else _expand(word, lookup, own, unknown, depth + 1)), end


def _known(name: str, lookup: Lookup, own: str, unknown: list[str]) -> str:
    value = lookup(name)
    if value is None and name != own:
        unknown.append(f"${name}")
        return _UNKNOWN
    return value or ""


def _closing(text: str, at: int) -> int:
    """The offset behind the bracket that closes the one at `at`."""
    pair = {"{": "}", "(": ")"}
    opens, closes, depth = text[at], pair[text[at]], 0
    for place in range(at, len(text)):
        depth += (text[place] == opens) - (text[place] == closes)
        if depth == 0:
            return place + 1
    return len(text)
