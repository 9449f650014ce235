"""`/etc/os-release`: shell assignments, read without a shell."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LONGEST = 4096
"""Characters of one line that are looked at."""


def parse(text: str) -> dict[str, str]:
    """Every assignment by name; the last one of a name wins, as in a shell.

    Follows os-release(5): values may be bare, in single or in double quotes, a backslash takes the next character as it
    is (inside double quotes only before `$`, backquote, `"` and backslash). Nothing is expanded. Lines that are no
    assignment are left out.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line[:_LONGEST].strip().partition("=")
        if equals and _NAME.match(name):
            found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    """The value as a shell would assign it; what follows it on the line (a comment) is dropped."""
    out: list[str] = []
    quote = ""
    characters = iter(value)
    for char in characters:
        if quote == "'":
            if char == "'":
                quote = ""
            else:
                out.append(char)
        elif char == "\\":
            following = next(characters, "")
            keep_backslash = quote and following not in '$`"\\'
            out.append(f"\\{following}" if keep_backslash else following)
        elif quote:
            if char == '"':
                quote = ""
            else:
                out.append(char)
        elif char in "'\"":
            quote = char
        elif char.isspace() or char == ";":
            break
        else:
            out.append(char)
    return "".join(out)
