"""Finds a CUDA_HOME and an nvcc of different toolkits."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared.machine import rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.toolkit import ToolkitInventory


@check("ENV005", severity=Severity.WARNING)
def cuda_home_inconsistent(toolkit: ToolkitInventory, shell: ShellFacts | None) -> Result:
    """CUDA_HOME and the nvcc on PATH belong to toolkits of different versions.

    Why:
        One build then takes its compiler from one toolkit and its headers and libraries from the other; CMake looks
        at PATH first, torch's extensions at CUDA_HOME.

    How we know:
        The version of the toolkit that CUDA_HOME names against that of the nvcc on PATH, read from version.json, nvcc
        or cuda.h.

    Fix:
        Let both name the same root: `export CUDA_HOME=/usr/local/cuda-12.4 PATH=/usr/local/cuda-12.4/bin:$PATH` with
        your version; for one build alone: `CUDA_HOME=$(dirname $(dirname $(command -v nvcc))) pip install …`. In a
        conda environment with nvcc: `export CUDA_HOME=$CONDA_PREFIX`. Look in ~/.bashrc, /etc/profile.d and loaded
        modules for the line that sets the other.

    Harmless when:
        Nothing is compiled here; or both are of the same version: then this check is silent.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    used = toolkits_in_use(toolkit)
    if len(used) != 2 or used[0].version is None or used[1].version is None:
        return
    home, on_path = used
    if home.version and on_path.version and home.version.cuda != on_path.version.cuda:
        name = toolkit.cuda_home_variable or "CUDA_HOME"
        yield Problem(
            subject=str(Var(name)),
            message=f"{name} names {toolkit_shown(home)}, and the nvcc on PATH is of {toolkit_shown(on_path)}",
            evidence=rows(
                seen(name, toolkit.cuda_home or home.root),
                seen("PATH", toolkit.nvcc_on_path or on_path.root),
                *setters(shell, name),
            ),
            source=CPP_EXTENSION,
        )
