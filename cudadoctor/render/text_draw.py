"""What text for a person is drawn with: width, colour, marks, wrapping.

Foreign text never goes through Rich's markup (a path such as `/opt/[env]` would be eaten): everything is a `Text`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cudadoctor.render.clean import clean

PIPED_WIDTH = 80
MOST_WIDTH = 110
"""Columns of prose at most: longer lines are hard to read."""
CODE_INDENT = 5

MARKS = {"ok": "✓", "warning": "!", "error": "✗", "absent": "–", "unknown": "?", "info": "i"}
STYLES = {
    "ok": "green",
    "warning": "yellow",
    "error": "bold red",
    "absent": "dim",
    "unknown": "magenta",
    "info": "cyan",
}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "–": "-", "→": "->", "×": "x", "…": "...", "·": "-"})


_OURS = re.compile(r"(?:(?<=`)|^)cudadoctor (?=[a-z-])")
"""Where a hint begins with a command of this tool."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How to draw."""

    width: int | None = None
    """Columns of the terminal; None: no terminal, then prose is wrapped at 80 and the verdict not at all."""
    color: bool = False
    unicode: bool = True
    verbosity: int = 0
    """-1: the verdict alone. 1: also what passed, what was skipped and why, times. 2: also every fact."""
    program: str = "cudadoctor"
    """How this user starts the tool. Every hint that names a command is printed with it."""


def draw(lines: Iterable[Text], look: Look) -> str:
    """Lines as they are, none wrapped or cut, with or without colour."""
    out = io.StringIO()
    # An empty environment: colour and width were decided by the caller, and Rich would decide them again.
    console = Console(
        file=out, width=10_000, force_terminal=look.color, color_system="standard" if look.color else None,
        no_color=not look.color, legacy_windows=False, markup=False, highlight=False, emoji=False, _environ={},
    )  # fmt: skip
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)
    text = out.getvalue()
    return text if look.unicode else text.translate(_ASCII)


def hang(first: Text, body: Text, width: int) -> Iterator[Text]:
    """`first`, and `body` beside it wrapped to `width` columns. A word longer than a line stays whole."""
    indent = cell_len(first.plain)
    room = max(20, width - indent)
    for number, line in enumerate(_wrap(body, room)):
        yield Text.assemble(first if number == 0 else " " * indent, line)


def _wrap(body: Text, room: int) -> list[Text]:
    offsets: list[int] = []
    used = position = 0
    for word in body.plain.split(" "):
        length = cell_len(word)
        if used and used + length > room:
            offsets.append(position)
            used = 0
        used += length + 1
        position += len(word) + 1
    lines = list(body.divide(offsets)) if offsets else [body]
    for line in lines:
        line.rstrip()
    return lines


class Sheet:
    """Collects lines."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.width = min(look.width or PIPED_WIDTH, MOST_WIDTH)
        self.lines: list[Text] = []

    def _typed(self, text: str) -> str:
        """The commands of this tool in the text as this user can type them."""
        return text if self.look.program == "cudadoctor" else _OURS.sub(lambda _: f"{self.look.program} ", text)

    def text(self) -> str:
        """All of it, drawn."""
        return draw(self.lines, self.look)

    def prose(self, first: Text | str, body: Text | str, style: str = "") -> None:
        """Wrapped text beside what its first line begins with."""
        start = Text(first) if isinstance(first, str) else first
        self.lines.extend(
            hang(start, Text(self._typed(clean(body)), style) if isinstance(body, str) else body, self.width)
        )

    def head(self, title: str) -> None:
        """A heading, after an empty line."""
        self.lines.extend((Text(), Text(title, "bold")))

    def code(self, line: str, indent: int) -> None:
        """A line to paste: never wrapped."""
        self.lines.append(Text.assemble(" " * indent, (self._typed(line), "cyan")))
