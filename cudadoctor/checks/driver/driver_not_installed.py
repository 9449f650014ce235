"""Finds a GPU without any driver."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import bare, cuda_runs, gpu_shown, own_pci, rows, smi_lists
from cudadoctor.checks.sources import DRIVER_INSTALL
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts


@check("DRV013", severity=Severity.ERROR)
def driver_not_installed(  # noqa: PLR0917  facts, passed by name
    pci: PciFacts,
    driver: DriverFacts,
    os: OsFacts,
    gpus: tuple[GpuFacts, ...] | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """There is an NVIDIA GPU, and no NVIDIA driver is installed.

    Why:
        CUDA needs NVIDIA's kernel module and its user-space libraries. nouveau, which Linux brings along, does not
        run CUDA.

    Fix:
        Install the NVIDIA driver with the distribution's own tool, then reboot.

    Harmless when:
        The GPU only draws a desktop, or is handed to a virtual machine (vfio-pci: not reported). In a container and
        under WSL the driver belongs outside, and this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    devices = own_pci(pci)
    if not devices or not bare(os) or driver.loaded or cuda_runs(libcuda) or smi_lists(smi):
        return
    if driver.installed is None or driver.loaded is None:
        yield Unknown(subject="machine", reason="it is not known whether a driver is installed")
        return
    if driver.installed:
        return
    names = ", ".join(gpu_shown(gpu) for gpu in gpus or ()) or ", ".join(device.device_id for device in devices)
    holder = next((device.driver for device in devices if device.driver), None)
    yield Problem(
        subject="machine",
        message=f"{names}: no NVIDIA driver is installed" + (f" (`{holder}` holds the GPU)" if holder else ""),
        evidence=rows(pci.seen, driver.seen),
        source=DRIVER_INSTALL,
    )
