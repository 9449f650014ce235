"""Lines that a terminal or a mail program broke, put together again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

_WIDTHS = (60, 132)
"""Columns at which text is broken."""


def widths(texts: list[str]) -> tuple[int, ...]:
    """Columns at which these lines may have been broken: the longest line, and any length that many lines have."""
    lengths = Counter(length for line in texts if _WIDTHS[0] <= (length := len(line.rstrip())) <= _WIDTHS[1])
    longest = max((len(line) for line in texts), default=0)
    often = [length for length, count in lengths.most_common(3) if count >= 2]
    usual = [width for width in (72, 76, 78, 79, 80, 100, 120) if width in lengths]
    found = dict.fromkeys([longest] * (_WIDTHS[0] <= longest <= _WIDTHS[1]) + often + usual)
    return tuple(found)[:4]


def hard(texts: list[str], width: int) -> str:
    """As after `fold -w`: a line of exactly that width goes on in the next, without anything between."""
    out: list[str] = []
    open_ = False
    for line in texts:
        if open_:
            out[-1] += line
        else:
            out.append(line)
        open_ = len(line) == width
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


def soft(texts: list[str], width: int) -> str:
    """As from a mail program: a line goes on where the next one's first word would not have fitted behind it."""
    out: list[str] = []
    previous = ""
    for line in texts:
        word = line.split(" ", 1)[0] if line[:1] not in ("", " ") else ""
        if word and previous and len(previous) <= width < len(previous.rstrip()) + 1 + len(word):
            out[-1] += (
                "" if len(previous) == width and previous[-1:] not in ("", " ") and len(word) > width else " "
            ) + line
        else:
            out.append(line)
        previous = line
    return "\n".join(out)


def variants(texts: list[str]) -> Iterator[str]:
    """The lines as they are, then put together in each way that is possible."""
    yield "\n".join(texts)
    seen = set()
    for width in widths(texts):
        for way in (hard, padded, soft):
            text = way(texts, width)
            if text not in seen:
                seen.add(text)
                yield text
