"""Says that a search path names a CUDA directory several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.shell import RcLine, ShellFacts
from cudadoctor.facts.subject import Var


@check("ENV004", severity=Severity.INFO)
def path_duplicates(shell: ShellFacts) -> Result:
    """PATH or LD_LIBRARY_PATH names a CUDA directory several times.

    Why:
        A line that puts a directory in front of the variable does so each time the file is read: the variable grows
        with every nested shell.

    How we know:
        The variable as this process has it, and the lines of the rc files that the shell reads, followed in their
        order.

    Fix:
        Make the line add the directory only where it is not there yet: `case ":$PATH:" in *:/usr/local/cuda/bin:*) ;;
        *) export PATH=/usr/local/cuda/bin:$PATH ;; esac`, or have `cudadoctor shell` print such lines for your shell.
        `fish_add_path` in fish and `typeset -U path` in zsh do it by themselves.

    Harmless when:
        Always: the second mention has no effect. It is worth knowing when the variable is hard to read.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    for variable in ("LD_LIBRARY_PATH", "PATH"):
        added: dict[str, RcLine] = {}
        said = False
        for line in rc.read_lines(shell, variable):
            repeated = _repeated(line, added)
            if line.effect is not None and not line.effect.keeps:
                added.clear()  # it sets the variable anew
            added.update({rc.meant(element): line for element in rc.adds(line)})
            if repeated:
                said = True
                first = repeated[1]
                again = " twice" if first is None else f" again, after line {first.line} of {clean(first.file)}"
                yield Problem(
                    subject=rc.subject(line),
                    message=f"line {line.line} of {clean(line.file)} puts {clean(repeated[0])} on {variable}{again}",
                    evidence=rc.evidence(line),
                    source=LD_SO,
                    confidence=Confidence.LIKELY,
                )
        if not said:
            yield from _now(shell, variable)


def _repeated(line: RcLine, added: Mapping[str, RcLine]) -> tuple[str, RcLine | None] | None:
    """A directory that the line adds although it, or a line before it, has added it."""
    own: set[str] = set()
    for element in rc.adds(line):
        directory = rc.meant(element)
        if directory in own:
            return directory, None
        if line.effect is not None and line.effect.keeps and directory in added:
            return directory, added[directory]
        own.add(directory)
    return None


def _now(shell: ShellFacts, variable: str) -> Result:
    value = shell.variables.get(variable)
    if not value:
        return
    counted = Counter(element.rstrip("/") for element in value.split(":") if element.startswith("/"))
    repeated = [
        element
        for element, times in counted.items()
        if times > 1 and ("cuda" in element.lower() or "nvidia" in element.lower())
    ]
    if repeated:
        yield Problem(
            subject=str(Var(variable)),
            message=f"{variable} names {clean(repeated[0])} {counted[repeated[0]]} times",
            evidence=(seen(variable, value), *rc.setters(shell, variable, repeated[0])),
            source=LD_SO,
        )
