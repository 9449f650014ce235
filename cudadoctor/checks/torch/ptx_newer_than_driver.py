"""Finds PTX that the driver cannot compile."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PTX_COMPAT
from cudadoctor.checks.shared.machine import rows
from cudadoctor.checks.shared.messages import first, shown, torch_of
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("TR005", severity=Severity.ERROR)
def ptx_newer_than_driver(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, driver: DriverFacts | None
) -> Result:
    """A program handed the driver PTX that was made by a newer toolkit than the driver knows.

    Why:
        Machine code (cubin) of CUDA 12.8 runs on any driver for CUDA 12, but PTX does not: the driver compiles it
        itself, and only up to its own CUDA version (the one in nvidia-smi's header). So everything works until
        something brings PTX: triton and `torch.compile`, NVRTC and JIT-compiled extensions, numba and CuPy, or a
        build of torch that has no machine code for a GPU newer than itself. The error is 222,
        `cudaErrorUnsupportedPtxVersion`.

    How we know:
        "the provided PTX was compiled with an unsupported toolchain" (error 222, CUDA_ERROR_UNSUPPORTED_PTX_VERSION).

    Fix:
        Update the driver to one for at least the CUDA version of what made the PTX. Where you cannot: install the torch
        (with its triton) of a CUDA version not above the one in nvidia-smi's header, or numba, CuPy and the toolkit of
        that version.

        For an extension of your own: compile machine code for the GPU (TORCH_CUDA_ARCH_LIST="8.6", without +PTX). On
        data-centre GPUs the package cuda-compat-12-8 brings a newer compiler to an older driver.

    Harmless when:
        Never: the kernel was not started.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    one = first(symptoms, "ptx-unsupported")
    if one is None:
        return
    torch = torch_of(envs)
    serves = f", which supports CUDA {driver.cuda_version}" if driver is not None and driver.cuda_version else ""
    carries = f"; {shown(envs)} was built for CUDA {torch.cuda}" if torch is not None and torch.cuda is not None else ""
    yield Problem(
        subject="machine",
        message=f"PTX of a newer toolkit was given to this driver{serves}{carries}",
        evidence=rows(one.seen, driver.seen if driver is not None and driver.cuda_version else None),
        source=PTX_COMPAT,
    )
