"""Finds CUDA lines in files that the user's shell never reads."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import BASH
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean
from cudadoctor.facts.shell import RcLine, ShellFacts

_VARIABLES = ("CUDA_HOME", "CUDA_PATH", "PATH", "LD_LIBRARY_PATH")


@check("SH001", severity=Severity.INFO)
def rc_line_not_read(shell: ShellFacts) -> Result:
    """A line that sets up CUDA stands in a file that the user's shell does not read.

    Why:
        zsh and fish do not read ~/.bashrc; a login bash reads only the first of ~/.bash_profile, ~/.bash_login and
        ~/.profile; tcsh does not read ~/.cshrc where there is a ~/.tcshrc. The line is there, and nothing happens.

    How we know:
        Which files the user's shell reads, by the rules of bash, zsh, fish and tcsh for login and interactive shells,
        against the file in which the line stands; and the variable does not have what the line sets.

    Fix:
        Put the line into a file that this shell reads: `cudadoctor shell --apply` does.

    Harmless when:
        The file is for another shell that is used as well, or something else sets the variable: that is silent.

    Sources:
        https://www.gnu.org/software/bash/manual/bash.html#Bash-Startup-Files
    """
    found = [line for line in shell.rc_lines if line.file not in (shell.read_files or ()) and _sets_up(line, shell)]
    if shell.read_files is None or shell.shell is None:
        if found:
            yield Unknown(subject="machine", reason="which files the user's shell reads is not known")
        return
    done: set[tuple[str, str]] = set()
    for line in found:
        if (line.file, line.variable) in done:
            continue
        done.add((line.file, line.variable))
        yield Problem(
            subject=rc.subject(line),
            message=f"{clean(shell.shell)} does not read {clean(line.file)} (line {line.line} sets {line.variable})",
            evidence=rc.evidence(line)[:1],
            source=BASH,
            confidence=Confidence.LIKELY,
        )


def _sets_up(line: RcLine, shell: ShellFacts) -> bool:
    """A line of the user's own for CUDA, whose effect is neither there nor comes from a file that is read."""
    home = shell.home
    if home is None or not line.file.startswith(f"{home}/") or line.variable not in _VARIABLES or line.conditional:
        return False
    if line.variable.startswith("CUDA"):
        there = line.variable in shell.variables
        return not there and not rc.read_lines(shell, line.variable)
    current = shell.variables.get(line.variable, "").split(":")
    wanted = rc.adds(line)
    if not wanted or any(element.text in current for element in wanted):
        return False
    return not any(rc.adds(other) for other in shell.rc_lines if other.file in (shell.read_files or ()))
