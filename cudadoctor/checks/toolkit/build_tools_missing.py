"""Finds a machine with nvcc and without what else a build needs."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, Unknown, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared.machine import seen, toolkit_shown, toolkits_in_use
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.toolkit import ToolkitInventory

_COMPILERS = ("g++", "c++", "clang++")


@check(
    "CC002",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("installer-no-compiler", "akmods-needs-compiler"),
            message="the build of NVIDIA's kernel module needs a compiler or make, and it is not installed",
            source=CPP_EXTENSION,
            severity=Severity.ERROR,
        ),
        Says(
            kinds=("build-tool-missing",),
            message="a build needs {tool}, and it is not there",
            source=CPP_EXTENSION,
            severity=Severity.ERROR,
        ),
    ),
)
def build_tools_missing(toolkit: ToolkitInventory, limits: LimitFacts) -> Result:
    """What a build of CUDA extensions needs beside nvcc is not there: a C++ compiler, ninja, or Python's headers.

    Why:
        nvcc hands the host's part to a C++ compiler. torch's extension builder wants ninja, and every extension
        Python.h. Triton (torch.compile) needs a C compiler at run time.

    How we know:
        The build's words: "Ninja is required to load C++ extensions", "command 'gcc' failed: No such file or
        directory", "No CMAKE_CXX_COMPILER could be found", "fatal error: Python.h: No such file or directory". On a
        live machine nvcc is in use and PATH has no g++, c++ or clang++: information.

    Fix:
        Ubuntu and Debian: `apt-get install build-essential python3-dev`; RHEL and its like: `dnf install gcc-c++ make
        python3-devel` (python3.11-devel for that Python); `pip install ninja cmake`. Without an administrator: `conda
        install -c conda-forge gxx ninja cmake`, which brings Python's headers with its own Python.

    Harmless when:
        Nothing is compiled here.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    used = [one for one in toolkits_in_use(toolkit) if one.nvcc and not one.own_compiler]
    if limits.tools is None:
        yield Unknown(subject="machine", reason="which compilers are on PATH is not known")
    elif used and not any(name in limits.tools for name in _COMPILERS):
        yield Problem(
            subject="machine",
            message=f"{toolkit_shown(used[0])} is in use, and there is no C++ compiler on PATH",
            evidence=(used[0].seen, seen("PATH", "neither g++ nor c++ nor clang++")),
            source=CPP_EXTENSION,
        )
