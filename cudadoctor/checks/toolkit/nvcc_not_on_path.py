"""Says that a toolkit is there and its nvcc is not on PATH."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import clean, toolkit_shown
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.toolkit import ToolkitInventory


@check(
    "TK001",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("nvcc-not-found",),
            message="the shell finds no nvcc",
            source=INSTALL_GUIDE,
            severity=Severity.WARNING,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def nvcc_not_on_path(toolkit: ToolkitInventory) -> Result:
    """A CUDA toolkit is installed and its nvcc is not on PATH.

    Why:
        The toolkit's packages do not touch PATH: that is left to the user. Only compiling needs nvcc; torch brings
        the CUDA libraries that it needs itself.

    How we know:
        A toolkit with bin/nvcc is below /usr/local, /opt or /usr/lib, and PATH has no nvcc ("nvcc: command not found").
        Toolkits of conda and pip do not count.

    Fix:
        To compile: `export CUDA_HOME=/usr/local/cuda PATH=/usr/local/cuda/bin:$PATH`, and for good `cudadoctor shell
        --apply`, which writes such lines into the file that your shell reads. `sudo apt install nvidia-cuda-toolkit`,
        which the shell proposes, is another, older toolkit: it is not needed.

    Harmless when:
        Nothing is compiled here, as for everybody who only uses wheels or conda packages.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if toolkit.nvcc_on_path is not None:
        return
    compilers = [one for one in toolkit.toolkits if one.nvcc and one.origin not in ("conda", "pip")]
    if compilers:
        newest = max(compilers, key=lambda one: (one.version.major, one.version.minor) if one.version else (0, 0))
        yield Problem(
            subject=str(Toolkit(clean(newest.real_root))),
            message=f"{toolkit_shown(newest)} has an nvcc that is not on PATH; only compiling needs it",
            evidence=(newest.seen,),
            source=INSTALL_GUIDE,
        )
