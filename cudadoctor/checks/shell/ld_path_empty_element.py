"""Finds empty elements in LD_LIBRARY_PATH."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import RcLine, ShellFacts
from cudadoctor.facts.subject import Var

_VARIABLE = "LD_LIBRARY_PATH"


@check("ENV002", severity=Severity.WARNING)
def ld_path_empty_element(shell: ShellFacts) -> Result:
    """LD_LIBRARY_PATH has an empty element, so the loader searches the current directory.

    Why:
        The loader splits the variable at `:` and `;`, and an empty element means the current directory: a library
        that lies there is loaded into every program. Lines such as `…/lib64:$LD_LIBRARY_PATH` make one when the
        variable was not set before.

    How we know:
        The variable as this process has it: `:` at its beginning or end, `::`, or the element `.`; and lines of rc
        files that leave one where the variable was not set before.

    Fix:
        Add the old value only where there is one: `export LD_LIBRARY_PATH=/dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`
        with your directory, or leave the variable unset.

    Harmless when:
        The whole variable is empty: that is ignored, and silent.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    value = shell.variables.get(_VARIABLE)
    elements = [element.strip() for element in re.split("[:;]", value)] if value else []
    now = any(element in ("", ".") for element in elements)
    makers = [line for line in rc.read_lines(shell, _VARIABLE) if line.effect and line.effect.leaves_empty]
    if now:
        what = "an empty element" if "" in elements else "the element `.`"
        written = makers or list(rc.lines(shell, _VARIABLE))
        yield Problem(
            subject=rc.subject(written[-1]) if written else str(Var(_VARIABLE)),
            message=f"{_VARIABLE}: `{clean(value)}` has {what}, so libraries are taken from the current directory",
            evidence=(seen(_VARIABLE, value or ""), *rc.setters(shell, _VARIABLE), *_corrections(makers)),
            source=LD_SO,
        )
    for line in makers[: -1 if now else None]:
        yield Problem(
            subject=rc.subject(line),
            message=f"line {line.line} of {clean(line.file)} leaves an empty element in {_VARIABLE} where it was not "
            "set before, so libraries are taken from the current directory",
            evidence=rc.evidence(line),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )


def _corrections(makers: list[RcLine]) -> tuple[Seen, ...]:
    return tuple(one for line in makers for one in rc.evidence(line)[1:])
