"""Lines of rc files that set a variable."""

from __future__ import annotations

from cudadoctor.checks.common import seen
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import RcLine, ShellFacts


def setters(shell: ShellFacts | None, variable: str, part: str | None = None) -> tuple[Seen, ...]:
    """Evidence: the lines that set `variable`, with file and line; with `part`, only those in which it stands."""
    return tuple(seen(f"{line.file}:{line.line}", line.text) for line in lines(shell, variable, part))


def lines(shell: ShellFacts | None, variable: str, part: str | None = None) -> tuple[RcLine, ...]:
    """The lines that set `variable`; with `part`, only those in which it stands."""
    return tuple(
        line
        for line in (shell.rc_lines if shell is not None else ())
        if line.variable == variable and (part is None or part in line.text)
    )
