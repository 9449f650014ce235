"""Finds empty elements in LD_LIBRARY_PATH."""

from __future__ import annotations

import re

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, seen
from cudadoctor.checks.rc import lines, setters
from cudadoctor.checks.sources import LD_SO
from cudadoctor.facts.shell import ShellFacts

_VARIABLE = "LD_LIBRARY_PATH"


@check("ENV002", severity=Severity.WARNING)
def ld_path_empty_element(shell: ShellFacts) -> Result:
    """LD_LIBRARY_PATH has an empty element, so the loader searches the current directory.

    Why:
        The loader splits the variable at `:` and `;`, and an empty element means the current directory: a library
        that lies there is loaded into every program. Lines such as `…/lib64:$LD_LIBRARY_PATH` make one when the
        variable was not set before.

    Fix:
        Add the old value only where there is one: `export LD_LIBRARY_PATH=/dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`
        with your directory, or leave the variable unset.

    Harmless when:
        The whole variable is empty: that is ignored, and silent.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    value = shell.variables.get(_VARIABLE)
    if not value:
        return
    elements = [element.strip() for element in re.split("[:;]", value)]
    if not any(element in ("", ".") for element in elements):
        return
    written = lines(shell, _VARIABLE)
    what = "an empty element" if "" in elements else "the element `.`"
    yield Problem(
        subject=f"file:{clean(written[-1].file)}:{written[-1].line}" if written else f"var:{_VARIABLE}",
        message=f"{_VARIABLE}: `{clean(value)}` has {what}, so libraries are taken from the current directory",
        evidence=(seen(_VARIABLE, value), *setters(shell, _VARIABLE)),
        source=LD_SO,
    )
