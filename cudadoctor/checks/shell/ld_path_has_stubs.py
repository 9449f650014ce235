"""Finds rc lines that put link-time stubs on the loader's path."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean, is_stub
from cudadoctor.facts.shell import ShellFacts


@check("LD006", severity=Severity.WARNING)
def ld_path_has_stubs(shell: ShellFacts) -> Result:
    """An rc file puts a toolkit's stubs directory on LD_LIBRARY_PATH.

    Why:
        The libraries under lib64/stubs are for linking only. On the loader's path, the stub of libcuda comes before
        the driver's library, and CUDA gives error 34 in every program that the shell starts.

    How we know:
        A line of an rc file that this shell reads adds a directory `…/stubs` to LD_LIBRARY_PATH, and the directory
        exists.

    Fix:
        Take the directory out of LD_LIBRARY_PATH; a build that needs it gets it with -L or LIBRARY_PATH.

    Harmless when:
        The driver's own directory comes first on LD_LIBRARY_PATH.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    for line in rc.read_lines(shell, "LD_LIBRARY_PATH"):
        found = [element for element in rc.adds(line) if is_stub(element.text) and element.exists is not False]
        if found:
            yield Problem(
                subject=rc.subject(line),
                message=f"line {line.line} of {clean(line.file)} puts stubs on LD_LIBRARY_PATH: {clean(found[0].text)}",
                evidence=rc.evidence(line),
                source=CUDA_ERRORS,
                confidence=Confidence.LIKELY,
            )
