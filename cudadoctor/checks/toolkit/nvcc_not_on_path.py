"""Says that a toolkit is there and its nvcc is not on PATH."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, toolkit_shown
from cudadoctor.checks.sources import INSTALL_GUIDE
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK001", severity=Severity.INFO)
def nvcc_not_on_path(toolkit: ToolkitInventory) -> Result:
    """A CUDA toolkit is installed and its nvcc is not on PATH.

    Why:
        The toolkit's packages do not touch PATH: that is left to the user. Only compiling needs nvcc; torch brings
        the CUDA libraries that it needs itself.

    Fix:
        To compile: put the toolkit's bin directory on PATH and export CUDA_HOME.

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
            subject=f"toolkit:{clean(newest.real_root)}",
            message=f"{toolkit_shown(newest)} has an nvcc that is not on PATH; only compiling needs it",
            evidence=(newest.seen,),
            source=INSTALL_GUIDE,
        )
