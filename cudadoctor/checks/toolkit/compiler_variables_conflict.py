"""Finds variables that name compilers of different versions."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NVCC
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var

_NAMED = re.compile(r"(?:\A|[/ -])(?P<kind>gcc|g\+\+|clang\+\+|clang)(?:-(?P<major>\d{1,2}))?(?= |\Z)")
_CCBIN = re.compile(r"(?:-ccbin|--compiler-bindir)[ =](?P<program>\S{1,200})")
_KINDS = {"gcc": "gcc", "g++": "gcc", "clang": "clang", "clang++": "clang"}


def _compiler(value: str) -> tuple[str, int] | None:
    """Kind and major, where the name has both."""
    found = _NAMED.search(value.strip())
    return (_KINDS[found["kind"]], int(found["major"])) if found and found["major"] else None


@check("CC003", severity=Severity.WARNING)
def compiler_variables_conflict(shell: ShellFacts) -> Result:
    """CC, CXX and NVCC_CCBIN name compilers of different versions.

    Why:
        One build then compiles its C part, its C++ part and the host part of its CUDA files with different compilers:
        it stops at nvcc's version check, or ends in undefined symbols of libstdc++.

    How we know:
        The names in CC, CXX, NVCC_CCBIN, CUDAHOSTCXX and in -ccbin of NVCC_PREPEND_FLAGS and NVCC_APPEND_FLAGS, where
        they have a number (gcc-11, g++-13).

    Fix:
        Name one version in all of them: `export CC=gcc-12 CXX=g++-12 NVCC_CCBIN=g++-12`, or unset them all.

    Harmless when:
        The parts are never linked together.

    Sources:
        https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/
    """
    named = {
        name: shell.variables[name] for name in ("CC", "CXX", "NVCC_CCBIN", "CUDAHOSTCXX") if name in shell.variables
    }
    for name in ("NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS"):
        if found := _CCBIN.search(shell.variables.get(name, "")):
            named[name] = found["program"]
    known = {name: one for name, value in named.items() if (one := _compiler(value)) is not None}
    if len(set(known.values())) < 2:
        return
    names = list(known)
    first = names[0]
    other = next(name for name in names if known[name] != known[first])
    yield Problem(
        subject=str(Var(other)),
        message=f"{first} names `{clean(named[first], 60)}` and {other} `{clean(named[other], 60)}`",
        evidence=(seen(first, named[first]), seen(other, named[other]), *setters(shell, other)),
        source=NVCC,
    )
