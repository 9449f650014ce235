"""Finds a driver without nvidia-smi."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import cuda_runs, own_pci, rows
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts


@check("NVS001", severity=Severity.WARNING)
def nvidia_smi_missing(  # noqa: PLR0917  facts, passed by name
    smi: SmiFacts,
    gpus: tuple[GpuFacts, ...],
    os: OsFacts,
    pci: PciFacts | None,
    driver: DriverFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """There is an NVIDIA GPU and no nvidia-smi on PATH.

    Why:
        nvidia-smi comes with the driver; it is the first tool to look at a GPU with. CUDA itself does not need it.

    How we know:
        A GPU is on the bus and PATH has no nvidia-smi ("nvidia-smi: command not found"). In a container it counts only
        where the `utility` capability was given and CUDA does not work.

    Fix:
        Install the package of the driver's tools (Ubuntu: nvidia-utils of the driver's branch; Debian: nvidia-smi;
        RHEL: nvidia-driver-cuda). Under WSL put /usr/lib/wsl/lib on PATH.

    Harmless when:
        CUDA works in a container that was given the compute capability only, or under WSL: then nothing is reported
        above information. A Jetson had no nvidia-smi for years.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome != "missing" or os.jetson is not None or os.wsl == 1:
        return
    if not gpus or (pci is not None and pci.gpus and not own_pci(pci)):
        return
    works = cuda_runs(libcuda)
    if os.container is not None:
        granted = (os.nvidia_driver_capabilities or "").replace(" ", "").split(",")
        if works or not ({"utility", "all"} & set(granted)):
            return
    yield Problem(
        subject="machine",
        message="there is no nvidia-smi on PATH" + (", though CUDA works" if works else ""),
        evidence=rows(smi.seen, driver.seen if driver is not None else None),
        source=SMI,
        severity=Severity.INFO if works and os.wsl is not None else None,
    )
