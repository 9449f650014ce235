"""Finds a build that needed a CUDA toolkit and had none."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK010", severity=Severity.ERROR)
def cuda_home_missing(
    symptoms: tuple[Symptom, ...], toolkit: ToolkitInventory | None, shell: ShellFacts | None
) -> Result:
    """A build needs a CUDA toolkit, and found none: no CUDA_HOME, no nvcc on PATH, no /usr/local/cuda.

    Why:
        torch brings CUDA's libraries and no compiler. Extensions (flash-attn, apex, deepspeed, detectron2 …) are
        compiled with nvcc, which torch looks for in CUDA_HOME, on PATH, and in /usr/local/cuda. The driver's "CUDA
        Version" in nvidia-smi is no toolkit. A torch without CUDA says the same of every extension.

    How we know:
        torch's own words: "OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install
        root".

    Fix:
        Take a prebuilt wheel of the extension where there is one. Else install the toolkit of torch's CUDA (`python -c
        "import torch; print(torch.version.cuda)"`) and name it.

        Without an administrator: `conda install -c nvidia cuda-toolkit=12.4` and `export CUDA_HOME=$CONDA_PREFIX`.
        Ubuntu, Debian, RHEL, with NVIDIA's package source: `cuda-toolkit-12-4` (not `cuda`, which brings a driver), and
        `export CUDA_HOME=/usr/local/cuda-12.4`.

        In a container: an image with `-devel-` in its name. A toolkit that is there only needs its name in CUDA_HOME.

    Harmless when:
        Nothing has to be compiled.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    said = first(symptoms, "cuda-home-not-set")
    if said is None:
        return
    there = [one for one in toolkit.toolkits if one.nvcc] if toolkit is not None else []
    named = shell.variables.get("CUDA_HOME") if shell is not None else None
    hint = f"; {clean(there[0].root)} has one, and it is not named" if there and not named else ""
    yield Problem(
        subject="var:CUDA_HOME",
        message=f"a build looked for a CUDA toolkit and found none{hint}",
        evidence=rows(said.seen, there[0].seen if there else None, seen("CUDA_HOME", named) if named else None),
        source=CPP_EXTENSION,
    )
