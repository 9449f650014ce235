"""Finds a driver whose module does not exist for the running kernel."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import bare, clean, cuda_runs, own_pci, rows, seen, smi_lists
from cudadoctor.checks.sources import DRIVER_INSTALL
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.system import OsFacts


@check("DRV011", severity=Severity.ERROR)
def kernel_module_not_built(
    pci: PciFacts,
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """No nvidia module exists for the running kernel, though the driver is installed.

    Why:
        A kernel module fits one kernel. After a kernel update DKMS must build it anew (that needs the headers of the
        new kernel and a compiler), or the distribution's prebuilt module package for that kernel must be installed.

    Fix:
        Install the headers of the running kernel and let DKMS build the module, or install the prebuilt module
        package for this kernel; then load it or reboot.

    Harmless when:
        Never on a machine whose GPU should compute; starting the previous kernel works until it is built.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if not own_pci(pci) or not bare(os) or driver.loaded or not driver.installed:
        return
    if cuda_runs(libcuda) or smi_lists(smi):
        return
    if driver.loaded is None or driver.module_files is None:
        yield Unknown(subject="machine", reason="the modules of the running kernel could not be looked at")
        return
    if driver.module_files:
        return
    kernel = clean(os.kernel, 80) or "the running kernel"
    yield Problem(
        subject="machine",
        message=f"the NVIDIA driver is installed, and there is no nvidia module for kernel {kernel}",
        evidence=rows(seen(f"/lib/modules/{kernel}", "no nvidia.ko"), driver.library_seen, driver.seen),
        source=DRIVER_INSTALL,
    )
