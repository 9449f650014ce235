"""Finds a CUDA_HOME that is no toolkit."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory

_NAMES = ("CUDA_HOME", "CUDA_PATH")


@check("ENV011", severity=Severity.WARNING)
def cuda_home_wrong(toolkit: ToolkitInventory, shell: ShellFacts | None) -> Result:
    """CUDA_HOME is set and is no usable toolkit directory.

    Why:
        Builds of CUDA extensions take nvcc and headers from CUDA_HOME. It names one directory: a colon in it (from
        `CUDA_HOME=$CUDA_HOME:/usr/local/cuda`) or a directory that does not exist breaks every build.

    How we know:
        The value of CUDA_HOME or CUDA_PATH: a colon in it, no such directory, or no toolkit there. In a text:
        ":/usr/local/cuda/bin/nvcc" or "[Errno 2] No such file or directory: '/usr/local/cuda-12.1/bin/nvcc'".

    Fix:
        Set it to the root of one toolkit, the directory that has bin/nvcc in it: `export CUDA_HOME=/usr/local/cuda`
        (no colon, no `$CUDA_HOME:` before it: that is how PATH is set, and CUDA_HOME is no list). Or unset it: torch
        itself does not read it. Correct the line in the start-up file that sets it, and open a new shell.

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
        yield Unknown(subject=str(Var(name)), reason="the directory could not be looked at")
        return
    elif not toolkit.cuda_home_exists:
        reason, confidence = "is not there", Confidence.CERTAIN
    else:
        reason, confidence = "holds no CUDA toolkit", Confidence.LIKELY
    yield Problem(
        subject=str(Var(name)),
        message=f"{name}: `{clean(value)}` {reason}",
        evidence=rows(seen(name, value), *setters(shell, name)),
        source=CPP_EXTENSION,
        confidence=confidence,
    )


@also(cuda_home_wrong)
def _a_list(shell: ShellFacts, symptoms: tuple[Symptom, ...] | None) -> Result:
    """The variable alone tells: it is a list."""
    for name in _NAMES:
        value = shell.variables.get(name, "")
        if ":" not in value or not value.startswith(("/", ":", "$", "~")):
            continue
        said = first(symptoms, "nvcc-path-is-a-list", "nvcc-not-at-cuda-home")
        yield Problem(
            subject=str(Var(name)),
            message=f"{name}: `{clean(value)}` is a list, and must be one directory",
            evidence=rows(seen(name, value), said.seen if said is not None else None, *setters(shell, name)),
            source=CPP_EXTENSION,
            severity=Severity.ERROR if said is not None else None,
        )
        return


@also(cuda_home_wrong)
def in_messages(symptoms: tuple[Symptom, ...], shell: ShellFacts | None) -> Result:
    """A build looked for nvcc in a directory that is none."""
    named = shell.variables if shell is not None else {}
    said = first(symptoms, "nvcc-path-is-a-list")
    if said is not None and not any(":" in named.get(name, "") for name in _NAMES):
        yield Problem(
            subject="var:CUDA_HOME",
            message=f"CUDA_HOME is a list, and must be one directory: a build looked for {clean(said.values['path'])}",
            evidence=(said.seen,),
            source=CPP_EXTENSION,
            severity=Severity.ERROR,
        )
        return
    said = first(symptoms, "nvcc-not-at-cuda-home")
    if said is None:
        return
    root = said.values["root"].rstrip("/")
    name = next((name for name in _NAMES if named.get(name, "").rstrip("/") == root), None)
    if name is not None or root != "/usr/local/cuda":
        # torch itself takes only CUDA_HOME, the nvcc on PATH, or /usr/local/cuda.
        yield Problem(
            subject=str(Var(name or "CUDA_HOME")),
            message=f"{name or 'CUDA_HOME'} names {clean(root)}, and there is no bin/nvcc in it",
            evidence=(said.seen,),
            source=CPP_EXTENSION,
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN if name is not None else Confidence.LIKELY,
        )
