"""Says that a search path names a CUDA directory several times."""

from __future__ import annotations

from collections import Counter

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, seen
from cudadoctor.checks.rc import setters
from cudadoctor.checks.sources import LD_SO
from cudadoctor.facts.shell import ShellFacts


@check("ENV004", severity=Severity.INFO)
def path_duplicates(shell: ShellFacts) -> Result:
    """PATH or LD_LIBRARY_PATH names a CUDA directory several times.

    Why:
        A line that puts a directory in front of the variable does so each time the file is read: the variable grows
        with every nested shell.

    Fix:
        Make the line add the directory only where it is not there yet.

    Harmless when:
        Always: the second mention has no effect. It is worth knowing when the variable is hard to read.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    for variable in ("LD_LIBRARY_PATH", "PATH"):
        value = shell.variables.get(variable)
        if not value:
            continue
        counted = Counter(element.rstrip("/") for element in value.split(":") if element.startswith("/"))
        repeated = [
            element
            for element, times in counted.items()
            if times > 1 and ("cuda" in element.lower() or "nvidia" in element.lower())
        ]
        if repeated:
            yield Problem(
                subject=f"var:{variable}",
                message=f"{variable} names {clean(repeated[0])} {counted[repeated[0]]} times",
                evidence=(seen(variable, value), *setters(shell, variable, repeated[0])),
                source=LD_SO,
            )
