"""Foreign text made safe to print: whatever a file holds, it cannot move the cursor or hide what stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{0,4}[0-Z\\^-~])")
"""Colours, cursor movements, window titles and links: CSI, OSC and the short sequences."""

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069"  # bidirectional overrides and what has no width
    "\u2028\u2029\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"  # bytes of a path that are no UTF-8
    "\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"[ \t\r\n\v\f]+")


def clean(text: str) -> str:
    """The text on one line: escape sequences removed, every other hidden character as a visible escape."""
    return _SPACES.sub(" ", _escape(_ANSI.sub("", text), keep="\t\r\n\v\f")).strip()


def clean_lines(text: str) -> list[str]:
    """The same for text whose lines and indentation matter, such as lines of an rc file."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").expandtabs(4).split("\n")
    return [_escape(line).rstrip() for line in lines]


def command(argv: Sequence[str]) -> str:
    """A command ready to paste, quoted for a POSIX shell. Hidden characters appear in bash's `$'…'` form."""
    return " ".join(_word(word) for word in argv)


def _word(word: str) -> str:
    if _HIDDEN.search(word) is None:
        return shlex.quote(word)
    inner = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_escape(inner)}'"


def _escape(text: str, keep: str = "") -> str:
    return _HIDDEN.sub(lambda match: match.group() if match.group() in keep else _named(ord(match.group())), text)


def _named(number: int) -> str:
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"  # the byte that could not be decoded
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
