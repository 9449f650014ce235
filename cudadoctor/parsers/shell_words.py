"""Shell text cut into simple commands and words, without running or expanding anything.

One pass, linear in the text. What is unfinished (an open quote, an open `$(`) reaches to the end of the text, as it
would for the shell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from cudadoctor.parsers.shell_quoting import closing, double, next_of, substitution

_PLAIN = re.compile(r"[^\s'\"\\$`;&|()<>]+")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\2")
_LONGEST = 400


class Word(Struct, frozen=True):
    """One word of a command."""

    text: str
    """Quotes and the backslashes of quoting removed; `$NAME`, `${…}` and `$(…)` as they were written."""
    start: int
    """Offset of its first character in the text."""
    bare: int
    """How many of its first characters were written without quotes: a name that is assigned to stands there."""


class LineFinder:
    """Line numbers, from 1, and the lines themselves."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def number(self, offset: int) -> int:
        """The line in which the character at `offset` stands."""
        return bisect_right(self._starts, offset)

    def line(self, number: int) -> str:
        """The line of that number, cut where it is very long."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[start : min(end, start + _LONGEST)].rstrip("\r\n")


def commands(text: str, *, nest: bool = False) -> Iterator[list[Word]]:
    """Every simple command: the words between two separators, comments and here-documents left out.

    `nest`: brackets group words, as in fish and csh; else they end a command, as in sh.
    """
    at, size = 0, len(text)
    current: list[Word] = []
    heredocs: list[tuple[str, bool]] = []
    while at < size:
        char = text[at]
        if char in "\n;&|)" or (char == "(" and not nest):
            if current:
                yield current
                current = []
            at += 1
            if char == "\n" and heredocs:
                at, heredocs = _after_heredocs(text, at, heredocs), []
        elif char in " \t\r\f\v":
            at += 1
        elif text.startswith("\\\n", at):
            at += 2
        elif char == "#":
            at = next_of(text, "\n", at)
        elif char in "<>":
            here_string = text.startswith("<<<", at)
            match = None if nest or here_string else _HEREDOC.match(text, at)
            if match:
                heredocs.append((match.group(3), bool(match.group(1))))
            at = match.end() if match else at + (3 if here_string else 2 if text[at + 1 : at + 2] == "&" else 1)
        else:
            word = _word(text, at, nest=nest)
            at = max(word[1], at + 1)
            current.append(word[0])
    if current:
        yield current


def _word(text: str, start: int, *, nest: bool) -> tuple[Word, int]:
    out: list[str] = []
    bare: int | None = None
    at, size = start, len(text)
    while at < size:
        plain = _PLAIN.match(text, at)
        if plain:
            out.append(plain.group())
            at = plain.end()
            continue
        char = text[at]
        array = char == "(" and bool(out) and out[-1].endswith("=")
        if char == "(" and (nest or array):
            end = closing(text, at)
            inside = text[at + 1 : end - 1]
            out.append(":".join(inside.replace('"', "").replace("'", "").split()) if array else text[at:end])
            at = end
            continue
        if char.isspace() or char in ";&|()<>":
            break
        bare = sum(map(len, out)) if bare is None else bare
        if char == "\\":
            out.append("" if text.startswith("\\\n", at) else text[at + 1 : at + 2])
            at += 2
        elif char == "'":
            end = next_of(text, "'", at + 1)
            out.append(text[at + 1 : end])
            at = end + 1
        elif char == '"':
            inside, at = double(text, at + 1, 0)
            out.append(inside)
        else:
            end = substitution(text, at, 0)
            out.append("" if text.startswith("$'", at) else text[at:end])
            at = end
    joined = "".join(out)
    return Word(joined, start, len(joined) if bare is None else bare), min(at, size)


def _after_heredocs(text: str, at: int, heredocs: list[tuple[str, bool]]) -> int:
    """The offset behind the bodies of the here-documents that begin at `at`."""
    for word, tabs in heredocs:
        while at < len(text):
            end = next_of(text, "\n", at)
            line = text[at:end]
            at = min(end + 1, len(text))
            if (line.lstrip("\t") if tabs else line) == word:
                break
    return at
