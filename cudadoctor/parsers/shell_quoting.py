"""Quotes and substitutions in shell text: where they end, and what stands in them. Nothing is expanded.

Linear in the text. What is not closed reaches to the end of the text, as it would for the shell.
"""

from __future__ import annotations

import re

_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_IN_BRACKETS = re.compile(r"[^'\"\\(){}`$]+")
_DEEPEST = 40


def double(text: str, at: int, depth: int) -> tuple[str, int]:
    """From behind the opening double quote: the text inside, and the offset behind the closing one."""
    out: list[str] = []
    while at < len(text):
        plain = _IN_DOUBLE.match(text, at)
        if plain:
            out.append(plain.group())
            at = plain.end()
        elif text[at] == '"':
            return "".join(out), at + 1
        elif text[at] == "\\":
            following = text[at + 1 : at + 2]
            out.append("" if following == "\n" else following if following in '$`"\\' else f"\\{following}")
            at += 2
        else:
            end = substitution(text, at, depth + 1)
            out.append(text[at:end])
            at = end
    return "".join(out), at


def substitution(text: str, at: int, depth: int) -> int:
    """The offset behind `$(…)`, `${…}` or a pair of backquotes that begins at `at`; a lone `$` is one character."""
    if text[at] == "`":
        return min(next_of(text, "`", at + 1) + 1, len(text))
    opens = text[at + 1 : at + 2] in {"(", "{"} and depth <= _DEEPEST
    return closing(text, at + 1, depth) if opens else at + 1


def closing(text: str, at: int, depth: int = 0) -> int:
    """The offset behind the bracket that closes the one at `at`."""
    stack = [")" if text[at] == "(" else "}"]
    at += 1
    while at < len(text) and stack:
        plain = _IN_BRACKETS.match(text, at)
        if plain:
            at = plain.end()
            continue
        char = text[at]
        if char == "'" and stack[-1] == ")":
            at = next_of(text, "'", at + 1)
        elif char == '"' and depth <= _DEEPEST:
            at = double(text, at + 1, depth + 1)[1] - 1
        elif char == "\\" or text.startswith(("$(", "${"), at):
            stack.extend({"$(": ")", "${": "}"}.get(text[at : at + 2], ""))
            at += 1
        elif char == "(":
            stack.append(")")
        elif char == stack[-1]:
            stack.pop()
        at += 1
    return min(at, len(text))


def next_of(text: str, what: str, at: int) -> int:
    """Where `what` stands next, or the end of the text."""
    place = text.find(what, at)
    return len(text) if place < 0 else place
