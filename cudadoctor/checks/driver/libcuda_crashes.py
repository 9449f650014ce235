"""Finds a libcuda that kills the program that loads it."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import clean, cuinit_seen
from cudadoctor.facts.driver import LibcudaFacts


@check("TR010", severity=Severity.ERROR)
def libcuda_crashes(libcuda: LibcudaFacts) -> Result:
    """Loading or starting CUDA's driver library kills the program.

    Why:
        A libcuda of another version than the module, a damaged file, or a copy for another system dies in its first
        call. Every CUDA program will die there, too.

    How we know:
        libcuda.so.1 is loaded, and cuInit called, in a process of its own, and that process is ended by a signal
        (SIGSEGV, SIGILL, SIGABRT).

    Fix:
        See which file the loader takes (`ldconfig -p | grep libcuda.so.1`, `echo $LD_LIBRARY_PATH`), remove the one
        that does not belong to the driver, or reinstall the driver (Ubuntu, Debian: `sudo apt-get install --reinstall`
        with libnvidia-compute or libcuda1 of its branch; RHEL-like: `sudo dnf reinstall nvidia-driver-cuda-libs`) and
        reboot.

    Harmless when:
        Never where CUDA should work. On a machine without a GPU it is information.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    if libcuda.outcome == "crashed":
        how = f" ({clean(libcuda.error, 80)})" if libcuda.error else ""
        yield Problem(
            subject="machine",
            message=f"{clean(libcuda.path) or 'libcuda.so.1'} kills the program that starts it{how}",
            evidence=(cuinit_seen(libcuda),),
            source=CUDA_ERRORS,
        )
