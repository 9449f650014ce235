"""One managed block in a file: put it in, find it, take it out. Bytes in, bytes out; all others stay as they are."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.shells.boundaries import free_lines
from cudadoctor.shells.dialects import Family

BEGIN = "# >>> cudadoctor >>>"
END = "# <<< cudadoctor <<<"
OWNER = "# Written by `cudadoctor shell`; `cudadoctor shell --remove` takes it out."

_INTERACTIVE = re.compile(
    r"\$-|\$\{-[}#%/]|\$\{?PS1\b|(?<![\w$])-z\s+\S*\$\{?prompt|-o\s+interactive|\$\?prompt|\[\[?\s+!?\s*-t\s+[01]"
)
_LEAVES = re.compile(r"(?:^|[\s;&|({!])(?:return|exit|logout)\b")
_ALWAYS_LEAVES = re.compile(r"(?:return|exit)\b|exec\s+\S*(?:sh|fish|nu|tmux)\b")
_CONDA = re.compile(
    r">>> (?:conda|mamba) initialize >>>|added by (?:Ana|Mini)conda|conda(?:\.c?sh|\.fish)\b"
    r"|(?:ana|mini|mamba)(?:conda|forge)?\d?/(?:cond)?bin\b|\b(?:conda|mamba)['\"]?\s+shell[. ]",
    re.IGNORECASE,
)
_GUARD_REACH = 6
"""Lines in which a guard says `return`: `case` with its patterns, or `if` and `then` on lines of their own."""


class DamagedBlock(CudaDoctorError):  # noqa: N818  it names the input, as every error of this tool does
    """The markers in the file are not one pair: whose lines stand there cannot be known."""

    def __init__(self, lines: tuple[int, ...], reason: str) -> None:
        self.lines = lines
        """Numbers of the lines with markers, from 1."""
        numbers = ", ".join(str(line) for line in lines)
        super().__init__(f"line{'s' if len(lines) > 1 else ''} {numbers}: {reason}")


class Span(Struct, frozen=True, kw_only=True):
    """Where the block lies."""

    first: int
    """Line of the begin marker, from 1."""
    last: int
    """Line of the end marker."""
    start: int
    """Offset of its first byte."""
    end: int
    """Offset behind its last byte, the line end included where there is one."""


def rendered(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The block's lines with its markers."""
    return (BEGIN, OWNER, *lines, END)


def find(data: bytes) -> Span | None:
    """The block in the file. Raises DamagedBlock where the markers are not one pair, in order."""
    marks: list[tuple[int, bool, int, int]] = []
    offset = 0
    for number, line in enumerate(_split(data), 1):
        text = line.strip()
        if text in (BEGIN.encode(), END.encode()):
            marks.append((number, text == BEGIN.encode(), offset, offset + len(line)))
        offset += len(line)
    if not marks:
        return None
    numbers = tuple(mark[0] for mark in marks)
    shape = [mark[1] for mark in marks]
    if shape == [True, False]:
        return Span(first=numbers[0], last=numbers[1], start=marks[0][2], end=marks[1][3])
    raise DamagedBlock(numbers, f"{_damage(shape)}; nothing is changed until they are put right by hand")


def _damage(shape: list[bool]) -> str:
    if shape == [True]:
        return f"the marker `{BEGIN}` has no `{END}` after it"
    if shape == [False]:
        return f"the marker `{END}` has no `{BEGIN}` before it"
    if shape == [False, True]:
        return "cudadoctor's markers stand in the wrong order"
    return "cudadoctor's markers stand there more than once"


def put(data: bytes, lines: tuple[str, ...], family: Family) -> bytes:
    r"""The file with the block: in the place of the one it has, or where the shell surely reads it.

    Above the line that ends the file for sessions without a prompt, and above conda's, so that conda's environments
    come before it on PATH; otherwise at the end. Line ends inside the block are `\n` in any file: shells take a
    carriage return for a part of the last word. Raises DamagedBlock.
    """
    block = "\n".join(rendered(lines)).encode()
    span = find(data)
    if span is not None:
        ending = b"\n" if data[span.start : span.end].endswith(b"\n") else b""
        return data[: span.start] + block + ending + data[span.end :]
    rows = _split(data)
    at = place(rows, family)
    before = b"".join(rows[:at])
    if before and not before.endswith(b"\n"):
        return before + b"\n" + block  # without a line end of its own: `take` knows by it that the file had none
    return before + block + b"\n" + b"".join(rows[at:])


def take(data: bytes) -> bytes:
    """The file without the block, exactly as it was before `put`. Raises DamagedBlock."""
    span = find(data)
    if span is None:
        return data
    before, after = data[: span.start], data[span.end :]
    if not after and not data.endswith(b"\n") and before.endswith(b"\n"):
        before = before[:-1]
    return before + after


def place(rows: list[bytes], family: Family) -> int:
    """How many lines stay above the block."""
    lines = [row.decode("latin-1") for row in rows]
    limit = next((number for number, _ in enumerate(lines) if _stops(lines, number, family)), len(lines))
    free = free_lines(lines, family)
    best = next(number for number in range(limit, -1, -1) if free[number])
    if best == len(lines):
        return best
    while best > 0 and free[best - 1] and lines[best - 1].lstrip().startswith("#"):
        if lines[best - 1].startswith("#!"):
            break
        best -= 1  # a comment stays with what it speaks of
    return best


def _stops(lines: list[str], number: int, family: Family) -> bool:
    """From this line on the file is not for everybody, or conda is set up."""
    text = lines[number]
    if text.lstrip().startswith("#") and ">>>" not in text and "added by" not in text:
        return False
    if _CONDA.search(text) or (_ALWAYS_LEAVES.match(text) and family != "fish"):
        return True
    return bool(_INTERACTIVE.search(text)) and any(
        _LEAVES.search(line) for line in lines[number : number + _GUARD_REACH]
    )


def _split(data: bytes) -> list[bytes]:
    r"""Lines with their ends; only `\n` ends one, as for a shell."""
    rows = data.split(b"\n")
    return [row + b"\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])
