"""Words, comments and file contents for a POSIX shell, in plain ASCII: whatever they hold, they are data there.

A character that is not printable ASCII is printed from octal, so that a script reads the same in every locale and
nothing in it can hide from somebody who reads it on a terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from cudadoctor.errors import CudaDoctorError
from cudadoctor.render.clean import clean

_ODD = re.compile(r"([^\n\t\x20-\x7e]+)")
KEYWORDS = frozenset((
    "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select", "then",
    "time", "until", "while",
))  # fmt: skip
_LINES_AT_ONCE = 100
"""Lines for one printf: where it is no builtin (mksh) they are arguments of a program, and 128 KiB is the kernel's
limit for one and 2 MiB for all."""


def word(text: str) -> str:
    """One word. Raises CudaDoctorError for a NUL, which no program can be given."""
    if "\0" in text:
        raise CudaDoctorError(f"{text!r} holds a NUL character, which no command line can")
    if text in KEYWORDS:
        return f"'{text}'"
    if _ODD.search(text) is None:
        return shlex.quote(text)
    parts = (
        f"\"$(printf '{octal(part)}')\"" if number % 2 else shlex.quote(part) if part else ""
        for number, part in enumerate(_ODD.split(text))
    )
    return "".join(parts)


def words(argv: Sequence[str]) -> str:
    """A command's words."""
    return " ".join(word(one) for one in argv)


def octal(text: str) -> str:
    r"""Every byte of the text as printf's `\ooo`."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise CudaDoctorError(f"{text!r} is not text") from error
    return "".join(f"\\{byte:03o}" for byte in data)


def comment(text: str, width: int = 100) -> Iterator[str]:
    """Lines that begin with `# `: nothing in the text can end the comment."""
    import textwrap

    for line in textwrap.wrap(plain(text), width, break_long_words=False, break_on_hyphens=False) or [""]:
        yield f"# {line}".rstrip()


def plain(text: str) -> str:
    """The text on one line, in ASCII: for comments and for what a script prints."""
    return clean(text).encode("ascii", "backslashreplace").decode("ascii")


def print_file(text: str, indent: str = "  ") -> Iterator[str]:
    """Lines of a script that print exactly these bytes."""
    rows = text.split("\n")
    last = rows.pop()
    run: list[str] = []
    for row in rows:
        if _ODD.search(row) is None and len(run) < _LINES_AT_ONCE:
            run.append(row)
            continue
        yield from _printed(run, indent)
        run = []
        if _ODD.search(row) is None:
            run.append(row)
        else:
            yield f"{indent}printf '{_format(row)}\\n'"
    yield from _printed(run, indent)
    if last:
        yield f"{indent}printf '{_format(last)}'"
    elif not rows:
        yield f"{indent}:"


def _printed(rows: list[str], indent: str) -> Iterator[str]:
    for number, row in enumerate(rows):
        start = f"{indent}printf '%s\\n' " if number == 0 else f"{indent}  "
        yield f"{start}{_quoted(row)}{' ' + chr(92) if number + 1 < len(rows) else ''}"


def _quoted(row: str) -> str:
    return shlex.quote(row) if shlex.quote(row) != row else f"'{row}'"


def _format(text: str) -> str:
    """The text as printf's format between single quotes."""
    escaped = text.replace("\\", "\\\\").replace("%", "%%").replace("'", "'\"'\"'")
    escaped = re.sub(r"^-", r"\\055", escaped)
    return "".join(octal(part) if number % 2 else part for number, part in enumerate(_ODD.split(escaped)))
