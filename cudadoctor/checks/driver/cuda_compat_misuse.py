"""Finds cuda-compat on a GPU or a driver that does not allow it."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import absent_without_gpu, clean, cuinit_seen, cuinit_text, is_compat, rows
from cudadoctor.checks.sources import FORWARD_COMPAT
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts

_DRIVER_MISMATCH = 803
_COMPAT_NOT_SUPPORTED = 804


@check("ENV010", severity=Severity.ERROR)
def cuda_compat_misuse(libcuda: LibcudaFacts, driver: DriverFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The libcuda of a cuda-compat package is loaded where forward compatibility is not allowed.

    Why:
        cuda-compat lets a newer CUDA run on an older driver, on data-centre GPUs and Jetson only. On a GeForce it
        gives error 804; a compat library that is older than the driver gives 803.

    Fix:
        Take the compat directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d, or remove the cuda-compat package; then
        update the driver, or use a build for the CUDA that the driver serves.

    Harmless when:
        The GPU is a data-centre GPU and CUDA starts: then it is what the package is for, and this check is silent.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html
    """
    path = libcuda.path or ""
    if libcuda.cuinit == _COMPAT_NOT_SUPPORTED or (libcuda.cuinit == _DRIVER_MISMATCH and is_compat(path)):
        loaded = f" ({clean(path)})" if path else ""
        yield Problem(
            subject="machine",
            message=f"the libcuda of cuda-compat{loaded} cannot be used here: {cuinit_text(libcuda)}",
            evidence=rows(cuinit_seen(libcuda), driver.seen if driver is not None else None),
            source=FORWARD_COMPAT,
            severity=absent_without_gpu(gpus),
            confidence=Confidence.CERTAIN if is_compat(path) else Confidence.LIKELY,
        )
