"""Finds cuda-compat on a GPU or a driver that does not allow it."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import FORWARD_COMPAT
from cudadoctor.checks.shared.machine import absent_without_gpu, clean, cuinit_seen, cuinit_text, is_compat, rows
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom

_DRIVER_MISMATCH = 803
_COMPAT_NOT_SUPPORTED = 804


@check("ENV010", severity=Severity.ERROR)
def cuda_compat_misuse(libcuda: LibcudaFacts, driver: DriverFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The libcuda of a cuda-compat package is loaded where forward compatibility is not allowed.

    Why:
        cuda-compat lets a newer CUDA run on an older driver, on data-centre GPUs and Jetson only. On a GeForce it
        gives error 804 ("forward compatibility was attempted on non supported HW"); a compat library that is older than
        the driver gives 803. Images of NVIDIA's put it in front by themselves. A driver that was upgraded without a
        reboot looks the same to CUDA, without any cuda-compat: that is `driver-library-mismatch`.

    How we know:
        cuInit gives 804 (CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, "forward compatibility was attempted on non
        supported HW"), or 803 while the libcuda that the loader took lies in a compat directory. Where module and
        libraries differ without cuda-compat it is `driver-library-mismatch`.

    Fix:
        Take the compat directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d, or remove the cuda-compat package; then
        update the driver, or use a build (an image) for the CUDA that the driver supports. Without any cuda-compat:
        reboot.

    Harmless when:
        The GPU is a data-centre GPU and CUDA starts: then it is what the package is for, and this check is silent.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html
    """
    path = libcuda.path or ""
    if path and not is_compat(path) and _other_version(driver):
        return
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


@also(cuda_compat_misuse)
def in_messages(symptoms: tuple[Symptom, ...], libcuda: LibcudaFacts | None, driver: DriverFacts | None) -> Result:
    """Error 804 in a paste, unless libraries and module are known to differ for another reason."""
    refused = code(symptoms, _COMPAT_NOT_SUPPORTED)
    if refused is None or (libcuda is not None and libcuda.path):
        return
    if first(symptoms, "nvml-driver-library-mismatch") is not None or _other_version(driver):
        return
    yield Problem(
        subject="machine",
        message="a libcuda that is newer than the driver was loaded, on a GPU that does not allow it (error 804)",
        evidence=(quoted(refused),),
        source=FORWARD_COMPAT,
        confidence=Confidence.LIKELY,
    )


def _other_version(driver: DriverFacts | None) -> bool:
    """The driver's own libraries differ from its module: that has a name of its own."""
    return (
        driver is not None
        and driver.version is not None
        and driver.library_version is not None
        and driver.version != driver.library_version
    )
