"""Finds CUDA_HOME that stays inside the shell."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean
from cudadoctor.facts.shell import ShellFacts


@check("ENV012", severity=Severity.WARNING)
def cuda_home_not_exported(shell: ShellFacts) -> Result:
    """An rc file sets CUDA_HOME without exporting it: no program gets it.

    Why:
        `CUDA_HOME=/usr/local/cuda` sets a variable of the shell alone. `echo $CUDA_HOME` shows it, and a build that
        the shell starts does not have it.

    How we know:
        A line of an rc file that the shell reads sets CUDA_HOME or CUDA_PATH without `export`, no line exports it, and
        this process, which the shell has started, does not have it.

    Fix:
        Write `export` before the line (`set -gx CUDA_HOME …` in fish, `setenv` in tcsh).

    Harmless when:
        Only other lines of the file use it, and something else exports it: that is silent.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        lines = [line for line in shell.rc_lines if line.variable == variable and line.file in (shell.read_files or ())]
        if variable in shell.variables or any(line.exported for line in lines):
            continue
        for line in lines:
            if not line.conditional:
                yield Problem(
                    subject=rc.subject(line),
                    message=f"line {line.line} of {clean(line.file)} sets {variable} and does not export it",
                    evidence=rc.evidence(line),
                    source=CPP_EXTENSION,
                    confidence=Confidence.LIKELY,
                )
                break
