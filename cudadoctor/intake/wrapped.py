"""Lines that a terminal or a mail program broke, put together again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

_WIDTHS = (60, 132)
"""Columns at which text is broken."""
_STRIPPED = 3
_MOST = 5
_USUAL = (78, 80, 79, 76, 72)


def widths(texts: list[str]) -> tuple[int, ...]:
    """Columns at which these lines may have been broken: the longest line, and any length that many lines have."""
    lengths = Counter(length for line in texts if _WIDTHS[0] <= (length := len(line.rstrip())) <= _WIDTHS[1])
    longest = max((len(line) for line in texts), default=0)
    often = [length for length, count in lengths.most_common(3) if count >= 2]
    usual = [width for width in _USUAL if width in lengths]
    found = dict.fromkeys([longest] * (_WIDTHS[0] <= longest <= _WIDTHS[1]) + often + usual + list(_USUAL[:2]))
    return tuple(found)[:_MOST]


def hard(texts: list[str], width: int) -> str:
    """As after `fold -w`: a line of that width goes on in the next, without anything between.

    Up to three spaces at its end may have been taken off since.
    """
    out: list[str] = []
    open_ = False
    for line in texts:
        if open_:
            out[-1] += line
        else:
            out.append(line)
        open_ = width - _STRIPPED <= len(line) <= width
        if open_:
            out[-1] += " " * (width - len(line))
    return "\n".join(out)


def padded(texts: list[str], width: int) -> str:
    """As `hard`, where the spaces at the ends of lines were taken off afterwards: told by bars that do not close."""
    out: list[str] = []
    open_ = False
    for line in texts:
        if open_ and line.strip() and not line.startswith(("|", "+")):
            out[-1] += line
        else:
            out.append(line)
        first = out[-1].lstrip()[:1]
        closed = line.rstrip()[-1:] in ("|", "+")
        open_ = first in ("|", "+") and not closed and len(line) <= width
        if open_:
            out[-1] += " " * (width - len(line))
    return "\n".join(out)


def soft(texts: list[str], width: int, *, hyphens: bool = False) -> str:
    """As from a mail program: a line goes on where the next one's first word would not have fitted behind it.

    `hyphens`: words are broken behind a hyphen, too, as Python's textwrap does it between letters.
    """
    out: list[str] = []
    previous = ""
    for line in texts:
        word = line.split(" ", 1)[0] if line[:1] not in {"", " ", "\t"} else ""
        match = _HYPHEN.match(word) if hyphens else None
        dash = match.end() if match else 0
        within = previous[-1:] == "-" and previous[-2:-1].isalnum()
        space = 0 if within else 1
        fits = len(previous) + space + (dash or len(word)) <= width
        if word and previous and len(previous) <= width and not fits:
            whole = len(previous) == width and len(word) >= width  # a word longer than a line was cut anywhere
            out[-1] += line if within or whole else f" {line}"
        else:
            out.append(line)
        previous = line
    return "\n".join(out)


_HYPHEN = re.compile(r"\W{0,20}\w{1,80}?[^0-9\W]-(?=\w{1,80}?[^0-9\W])")
"""Where textwrap may break a word: between letters, as its own pattern has it."""
_COLUMN = re.compile(r"\[[^\]]{1,16}\]\Z|[a-z][\w.]{1,80}(?: \[[^\]]{0,16}\]?)?\Z")


def is_column(text: str) -> bool:
    """Whether it is how nvidia-smi names a column of its csv form."""
    return _COLUMN.match(text.strip()) is not None


def csv_rows(texts: list[str]) -> str:
    """nvidia-smi's csv, whose rows are as long as its head: the head ends where a line begins with no column's name."""
    start = next((at for at, line in enumerate(texts) if line.count(", ") and is_column(line.split(",")[0])), 0)
    head: list[str] = []
    rows: list[str] = []
    for line in texts[start:]:
        if not line.strip():
            break
        if not rows and is_column(line.split(",")[0]):
            head.append(line.strip())
        elif rows and rows[-1].count(",") < " ".join(head).count(","):
            rows[-1] += f" {line.strip()}"
        else:
            rows.append(line.strip())
    return "\n".join([" ".join(head), *rows])


def variants(texts: list[str]) -> Iterator[str]:
    """The lines as they are, then put together in each way that is possible."""
    yield "\n".join(texts)
    seen = set()
    for width in widths(texts):
        for way in (hard, padded, soft, partial(soft, hyphens=True)):
            text = way(texts, width)
            if text not in seen:
                seen.add(text)
                yield text
