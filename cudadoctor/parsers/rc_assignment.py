"""An assignment in an rc file, and what the readers of several shells share."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.parsers.shell_words import LineFinder, Word

ASSIGNS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "command", "builtin"}
    | {"begin", "and", "or", "not"}
)
LISTS = {"path": "PATH", "fish_user_paths": "PATH", "ld_library_path": "LD_LIBRARY_PATH"}
"""Arrays that zsh, csh and fish tie to a variable."""
INHERITED = frozenset({"PATH"})
"""In every environment already, so that a plain assignment reaches programs too."""


class Assignment(Struct, frozen=True, kw_only=True):
    """One assignment to one variable."""

    line: int
    text: str
    """The line of the file where it begins."""
    variable: str
    value: str
    """The right-hand side, quotes removed, nothing expanded. What appends or prepends is written out: `$PATH:/x`."""
    exported: bool


def assigns(word: Word) -> bool:
    """Whether the word is `NAME=…` or `NAME+=…` with nothing of the name in quotes."""
    match = ASSIGNS.match(word.text)
    return match is not None and match.end() <= word.bare


def assignment(lines: LineFinder, word: Word, *, exported: bool) -> Assignment:
    """From such a word."""
    match = ASSIGNS.match(word.text)
    assert match is not None
    name, adds = match.groups()
    value = word.text[match.end() :]
    if name in LISTS:
        name = LISTS[name]
        value = f"${name}:{value}" if adds else value
    elif adds:
        value = f"${name}{value}"
    return at(lines, word, name, value, exported=exported)


def at(lines: LineFinder, word: Word, name: str, value: str, *, exported: bool) -> Assignment:
    """An assignment that begins where the word stands."""
    number = lines.number(word.start)
    return Assignment(line=number, text=lines.line(number).strip(), variable=name, value=value, exported=exported)


def without_keywords(words: list[Word]) -> list[Word]:
    """The command without `if`, `then`, `and` … before it."""
    for index, word in enumerate(words):
        if word.text not in KEYWORDS:
            return words[index:]
    return []
