"""Finds user-space libraries that are newer than the loaded module."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.library_versions import compare
from cudadoctor.checks.sources import NVML
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.system import OsFacts


@check("DRV002", severity=Severity.ERROR)
def driver_library_mismatch(
    driver: DriverFacts, os: OsFacts, smi: SmiFacts | None, libcuda: LibcudaFacts | None
) -> Result:
    """The driver's libraries are newer than the kernel module that is loaded.

    Why:
        The driver was upgraded and the old module is still in the kernel: libraries and module must be of the same
        version. nvidia-smi says "Driver/library version mismatch", CUDA gives error 803.

    Fix:
        Reboot. Without a reboot: stop everything that uses the GPU, then unload and load the nvidia modules.

    Harmless when:
        nvidia-smi and CUDA both work: then what was found is a leftover file, and this check is silent.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    verdict = compare(driver, os, smi, libcuda)
    if verdict.kind == "unknown":
        yield Unknown(subject="machine", reason=verdict.text)
    elif verdict.kind == "newer":
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )
