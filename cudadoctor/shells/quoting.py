"""A literal word in each shell's own quotes. `shlex.quote` is right for POSIX shells only."""

from __future__ import annotations


def posix(text: str) -> str:
    """For bash, zsh, dash, ksh and busybox: everything between single quotes is itself, and `'` cannot stand there."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def fish(text: str) -> str:
    r"""For fish: between single quotes `\` still quotes `\` and `'`, so that a trailing one would eat the quote."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def tcsh(text: str) -> str:
    """For tcsh: `!` is history even between single quotes."""
    return "'" + text.replace("'", "'\"'\"'").replace("!", "\\!") + "'"


def tcsh_pattern(text: str) -> str:
    r"""`text` as a pattern of tcsh's `=~` that matches itself alone; still to be put into `tcsh` quotes.

    Quotes do not take the meaning from `*`, `?` and `[` there, and neither does a backslash: a bracket does.
    """
    return "".join(f"[{letter}]" if letter in "*?[\\" else letter for letter in text)
