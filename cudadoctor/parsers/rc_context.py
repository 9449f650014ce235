"""What surrounds a line of an rc file: conditions, and files that are read from it."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.parsers.rc_assignment import without_keywords
from cudadoctor.parsers.shell_words import LineFinder, commands

_OPENS = {"sh": frozenset({"if", "case", "do", "{"}), "fish": frozenset({"if", "for", "while", "switch", "function"})}
_CLOSES = {"sh": frozenset({"fi", "esac", "done", "}"}), "fish": frozenset({"end"})}
_CSH_OPENS = frozenset({"foreach", "while", "switch"})
_CSH_CLOSES = frozenset({"endif", "end", "endsw"})


class Context(Struct, frozen=True, kw_only=True):
    """The surroundings of all lines of one file."""

    conditional: frozenset[int]
    """Lines inside `if`, `case`, a loop or a function: what they do may depend on anything."""
    sources: tuple[str, ...]
    """Files that are read from it, as they are written."""


def context(text: str, dialect: str) -> Context:
    """Of a file in the language of sh, fish or csh."""
    finder = LineFinder(text)
    depth = 0
    conditional: set[int] = set()
    sources: list[str] = []
    for words in commands(text, nest=dialect != "sh"):
        names = [word.text for word in words]
        line = finder.number(words[0].start)
        opened, closed = _counts(names, dialect)
        if depth > 0 or opened:
            conditional.update(range(line, finder.number(words[-1].start) + 1))
        depth = max(0, depth + opened - closed)
        rest = without_keywords(words)
        if len(rest) > 1 and rest[0].text in (".", "source"):
            sources.append(rest[1].text)
    return Context(conditional=frozenset(conditional), sources=tuple(sources))


def _counts(names: list[str], dialect: str) -> tuple[int, int]:
    """How many constructs a command opens and closes."""
    if dialect == "csh":
        opens_now = names[0] in _CSH_OPENS or (names[0] == "if" and names[-1] == "then")
        return int(opens_now), int(names[0] in _CSH_CLOSES)
    opens, closes = _OPENS.get(dialect, frozenset()), _CLOSES.get(dialect, frozenset())
    opened = closed = 0
    for name in names:
        if name in closes:
            closed += 1
        elif name in opens:
            opened += 1
        elif name not in ("then", "else", "elif", "!", "time", "while", "until", "and", "or", "not", "begin"):
            break
    return opened, closed
