"""Finds lines of rc files that add a directory each time they are read."""

from __future__ import annotations

from collections import Counter

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import BASH
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean
from cudadoctor.facts.shell import RcLine, ShellFacts

_LISTS = ("PATH", "LD_LIBRARY_PATH")


@check("SH004", severity=Severity.INFO)
def path_grows_on_sourcing(shell: ShellFacts) -> Result:
    """A line of an rc file adds its CUDA directories again each time the file is read.

    Why:
        A line such as `PATH=/usr/local/cuda/bin:$PATH` puts the directory in front whether it is there or not. Every
        nested shell (tmux, a terminal in an editor, `source ~/.bashrc`) makes the variable longer.

    How we know:
        A line of an rc file puts a CUDA directory in front of the old value without asking whether it is there, and the
        variable has it twice or more by now, or the same file has another fault.

    Fix:
        Add the directory only where it is not there yet: `cudadoctor shell` prints such lines.

    Harmless when:
        The file is read once: lines without another fault are silent until the variable has grown.

    Sources:
        https://www.gnu.org/software/bash/manual/bash.html#Bash-Startup-Files
    """
    lines = [line for line in rc.read_lines(shell, *_LISTS) if line.effect and line.effect.keeps and rc.adds(line)]
    faulty = {line.file for line in rc.read_lines(shell, *_LISTS) if _has_another_fault(line)}
    for line in lines:
        times = Counter(part.rstrip("/") for part in shell.variables.get(line.variable, "").split(":"))
        grown = [element for element in rc.adds(line) if times[element.text.rstrip("/")] > 1]
        if grown or line.file in faulty:
            now = f", which is there {times[grown[0].text.rstrip('/')]} times now" if grown else ""
            yield Problem(
                subject=rc.subject(line),
                message=f"each time it is read, line {line.line} of {clean(line.file)} adds "
                f"{clean((grown or rc.adds(line))[0].text)} to {line.variable} again{now}",
                evidence=rc.evidence(line),
                source=BASH,
                confidence=Confidence.CERTAIN if grown else Confidence.LIKELY,
            )


def _has_another_fault(line: RcLine) -> bool:
    if line.effect is None or not rc.adds(line):
        return False
    named = [rc.meant(element) for element in rc.adds(line)]
    mistyped = any(element.exists is False and element.suggestion for element in line.effect.adds)
    empty = line.variable == "LD_LIBRARY_PATH" and line.effect.leaves_empty
    return empty or mistyped or len(set(named)) < len(named)
