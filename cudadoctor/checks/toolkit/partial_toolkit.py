"""Finds a toolkit of which a part is missing."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import clean, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK005", severity=Severity.INFO)
def partial_toolkit(toolkit: ToolkitInventory) -> Result:
    """The toolkit in use has its compiler and lacks headers that builds need.

    Why:
        The toolkit is split into packages. `cuda-nvcc-12-4` or conda's `cuda-nvcc` alone bring nvcc without
        cuda_runtime.h; images with `-runtime-` and `-base-` in their names have neither. Builds stop with "cublas_v2.h:
        No such file or directory" and its like.

    How we know:
        The toolkit in use has bin/nvcc and no include/cuda_runtime.h; in a text "fatal error: cublas_v2.h: No such file
        or directory" (or cusparse.h, cusolverDn.h, nvrtc.h, thrust/…).

    Fix:
        The whole of it: `apt-get install cuda-toolkit-12-4` or `dnf install cuda-toolkit-12-4` (NVIDIA's package
        source, the version of nvcc); `conda install -c nvidia cuda-toolkit=12.4` (no administrator); an image with
        `-devel-` in its name. One part: `cuda-cudart-dev-12-4`, `libcublas-dev-12-4`, `libcusparse-dev-12-4`,
        `libcusolver-dev-12-4`, `cuda-cccl-12-4` (thrust and cub).

    Harmless when:
        Only ptxas or nvcc itself is used, as by Triton and JAX.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    for one in toolkits_in_use(toolkit):
        # pip and Nix keep nvcc and headers in directories of their own: there both may be in order.
        apart = one.origin == "pip" or one.real_root.startswith("/nix/")
        if one.nvcc is not None and one.headers is False and not apart:
            yield Problem(
                subject=str(Toolkit(clean(one.real_root))),
                message=f"{toolkit_shown(one)} has nvcc and no cuda_runtime.h: nothing can be compiled with it",
                evidence=(one.seen, seen(f"{one.real_root}/include/cuda_runtime.h", "not there")),
                source=INSTALL_GUIDE,
            )


@also(partial_toolkit)
def in_messages(symptoms: tuple[Symptom, ...], toolkit: ToolkitInventory | None) -> Result:
    """The compiler did not find a header of the toolkit's."""
    said = first(symptoms, "toolkit-header-missing")
    if said is None:
        return
    used = toolkits_in_use(toolkit) if toolkit is not None else ()
    yield Problem(
        subject=str(Toolkit(clean(used[0].real_root))) if used else "machine",
        message=f"a build needs {clean(said.values['header'], 80)} of the toolkit, and the compiler does not find it",
        evidence=(said.seen,),
        source=INSTALL_GUIDE,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
