"""Finds a CUDA_HOME that is no toolkit."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import clean, rows, seen
from cudadoctor.checks.rc import setters
from cudadoctor.checks.sources import CPP_EXTENSION
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.toolkit import ToolkitInventory


@check("ENV011", severity=Severity.WARNING)
def cuda_home_wrong(toolkit: ToolkitInventory, shell: ShellFacts | None) -> Result:
    """CUDA_HOME is set and is no usable toolkit directory.

    Why:
        Builds of CUDA extensions take nvcc and headers from CUDA_HOME. It names one directory: a colon in it (from
        `CUDA_HOME=$CUDA_HOME:/usr/local/cuda`) or a directory that does not exist breaks every build.

    Fix:
        Set it to the root of one toolkit, or unset it: torch itself does not read it.

    Harmless when:
        Nothing is compiled here.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    value = toolkit.cuda_home
    if not value or toolkit.cuda_home_root is not None:
        return
    name = toolkit.cuda_home_variable or "CUDA_HOME"
    if ":" in value:
        reason, confidence = "is a list, and must be one directory", Confidence.CERTAIN
    elif toolkit.cuda_home_exists is None:
        yield Unknown(subject=f"var:{name}", reason="the directory could not be looked at")
        return
    elif not toolkit.cuda_home_exists:
        reason, confidence = "is not there", Confidence.CERTAIN
    else:
        reason, confidence = "holds no CUDA toolkit", Confidence.LIKELY
    yield Problem(
        subject=f"var:{name}",
        message=f"{name}: `{clean(value)}` {reason}",
        evidence=rows(seen(name, value), *setters(shell, name)),
        source=CPP_EXTENSION,
        confidence=confidence,
    )
