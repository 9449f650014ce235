"""Finds a libcuda that never comes back from cuInit."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import clean, cuinit_seen
from cudadoctor.facts.driver import LibcudaFacts


@check("TR009", severity=Severity.ERROR)
def libcuda_hangs(libcuda: LibcudaFacts) -> Result:
    """CUDA never comes back from its first call.

    Why:
        cuInit waits in the kernel driver. Every CUDA program will wait there, too, torch among them.

    How we know:
        cuInit is called in a process of its own, and does not come back while the doctor's limit for it was long
        enough; an end of the run before that is not known, not a hang.

    Fix:
        Read the kernel's log (`sudo dmesg | grep -iE 'nvrm|xid'`), and reboot; a process that waits in the driver
        (state D in `ps`) cannot be ended. If it hangs again, test the GPUs one by one (`CUDA_VISIBLE_DEVICES=0`, then 1
        and so on), and look at Xid 79, 119 and 120. On HGX and DGX look at nvidia-fabricmanager.

    Harmless when:
        It is only slow: that is not reported as a hang.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    if libcuda.outcome == "hangs":
        yield Problem(
            subject="machine",
            message=f"cuInit of {clean(libcuda.path) or 'libcuda.so.1'} never comes back",
            evidence=(cuinit_seen(libcuda),),
            source=CUDA_ERRORS,
        )
