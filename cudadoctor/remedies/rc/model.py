"""What is to become of one line of an rc file."""

from __future__ import annotations

import posixpath
from typing import Literal

from msgspec import Struct

from cudadoctor.facts.shell import RcLine

Dialect = Literal["sh", "fish", "csh", "environment"]

_CSH = (".cshrc", ".tcshrc", ".login", "csh.cshrc", "csh.login")


class LineEdit(Struct, frozen=True, kw_only=True):
    """What a finding wants of a line. Several of one line are put together by `join`."""

    line: RcLine
    swaps: tuple[tuple[str, str], ...] = ()
    """A directory that is not there, and the one that was meant."""
    drops: tuple[str, ...] = ()
    """Directories to take out."""
    no_empty: bool = False
    """No empty entry may come about."""
    guard: bool = False
    """Read again, the line must add nothing."""
    export: bool = False
    value: str | None = None
    """The variable's new value, of one that is no search path."""
    remove: bool = False
    """The whole line goes."""


def join(wishes: list[LineEdit]) -> LineEdit:
    """All wishes for one line as one."""
    values = [one.value for one in wishes if one.value is not None]
    return LineEdit(
        line=wishes[0].line,
        swaps=tuple(dict.fromkeys(swap for one in wishes for swap in one.swaps)),
        drops=tuple(dict.fromkeys(drop for one in wishes for drop in one.drops)),
        no_empty=any(one.no_empty for one in wishes),
        guard=any(one.guard for one in wishes),
        export=any(one.export for one in wishes),
        value=values[0] if values else None,
        remove=any(one.remove for one in wishes),
    )


def dialect(path: str) -> Dialect | None:
    """The language of a file by its name; None for one that is left alone."""
    name = posixpath.basename(path)
    if name == ".pam_environment":
        return None
    if name.endswith(".fish"):
        return "fish"
    if name in _CSH or name.endswith(".csh"):
        return "csh"
    if path == "/etc/environment" or name.endswith(".conf"):
        return "environment"
    return "sh"


def words(wish: LineEdit) -> str:
    """What a wish asks for, for whoever edits the file."""
    name = wish.line.variable
    parts = [f"write {new} for {old}" for old, new in wish.swaps]
    parts += [f"take {one} out" for one in wish.drops]
    if wish.no_empty and wish.line.effect is not None and wish.line.effect.leaves_empty:
        parts.append(f"add the old value only where there is one, as in `${{{name}:+:${name}}}`")
    if wish.guard:
        parts.append("add its directories only where they are not there yet")
    if wish.export:
        parts.append(f"export {name}")
    if wish.value is not None:
        parts.append(f"set {name} to {wish.value}")
    if wish.remove:
        parts.append(f"take the line that sets {name} out")
    return ", and ".join(parts) or f"look at what it does to {name}"
