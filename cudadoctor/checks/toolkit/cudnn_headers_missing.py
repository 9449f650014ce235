"""Finds a build that needed cuDNN's headers and had none."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDNN_INSTALL
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.symptom import Symptom


@check("TK006", severity=Severity.ERROR)
def cudnn_headers_missing(symptoms: tuple[Symptom, ...]) -> Result:
    """A build needs the headers of cuDNN, which do not come with the CUDA toolkit.

    Why:
        cuDNN is a package of its own. torch's wheels bring its libraries along for themselves; a compiler looks for
        cudnn.h in the toolkit's and the system's include directories.

    How we know:
        "fatal error: cudnn.h: No such file or directory" (or cudnn_version.h, cudnn_v9.h).

    Fix:
        Install cuDNN with its headers. Ubuntu and Debian with NVIDIA's package source: `apt-get install cudnn9-cuda-12`
        (or `-13`, as the toolkit); RHEL and its like: `dnf install cudnn9-cuda-12`. Without an administrator: `conda
        install -c conda-forge cudnn`, or `pip install nvidia-cudnn-cu12` and `export CPATH=` with its
        `nvidia/cudnn/include`. Containers: an image with `-cudnn-devel-` in its name.

    Harmless when:
        Nothing has to be compiled.

    Sources:
        https://docs.nvidia.com/deeplearning/cudnn/installation/linux.html
    """
    said = first(symptoms, "cudnn-header-missing")
    if said is not None:
        yield Problem(
            subject="machine",
            message="a build needs cuDNN's headers, and the compiler finds none",
            evidence=(said.seen,),
            source=CUDNN_INSTALL,
        )
