"""Reports an nvidia-smi that ends with an error of its own."""

from __future__ import annotations

from cudadoctor.checks.driver.no_devices_found import says_no_devices
from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import UNSURE, clean, cuda_runs, expects_gpu, given_away, smi_seen, unsure
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts


@check("NVS009", severity=Severity.ERROR)
def nvidia_smi_fails(  # noqa: PLR0917  facts, passed by name
    smi: SmiFacts,
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    libcuda: LibcudaFacts | None,
    kernel: KernelFacts | None,
) -> Result:
    """nvidia-smi ends with an error.

    Why:
        It is a sign, seldom the cause: nvidia-smi cannot reach the kernel driver, or the library and the module do
        not fit. Where the reason is known, this stands below it in the report.

    How we know:
        nvidia-smi ended with an exit status that is not 0 (9: no driver; 12: libnvidia-ml is missing; 15: the GPU fell
        off the bus; 18: library and module differ), on a machine with a GPU. Its message is quoted. "No devices were
        found" has a name of its own.

    Fix:
        Read what it says, and the kernel's log (`dmesg`) for lines with NVRM. Reboot if the driver was installed or
        upgraded since the last start.

    Harmless when:
        CUDA works all the same: then it is a warning. On a machine without an NVIDIA GPU it is not reported.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome != "failed" or says_no_devices(smi) or not expects_gpu(gpus, os, driver) or given_away(pci):
        return
    if unsure(os, kernel, pci, driver):
        yield UNSURE
        return
    said = clean(smi.message) or f"exit status {smi.exit_code}"
    yield Problem(
        subject="machine",
        message=f"nvidia-smi fails: {said}",
        evidence=(smi_seen(smi),),
        source=SMI,
        severity=Severity.WARNING if cuda_runs(libcuda) else None,
    )
