"""Finds a kernel for which the distribution's prebuilt nvidia module is not installed."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import without_driver
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts


@check(
    "DRV012",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("no-kmod-package-for-kernel",),
            message="no prebuilt driver module exists for the kernel that is to be installed",
            source=DRIVER_INSTALL,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def prebuilt_module_missing_for_kernel(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The distribution's prebuilt nvidia module is there for another kernel, and not for the running one.

    Why:
        Ubuntu's `linux-modules-nvidia-BRANCH-KERNEL` packages hold a module for one kernel each. A kernel of another
        flavour (`-aws`, `-azure`, `-oem`, the HWE kernel) came without its package, mostly because the package that
        follows new kernels (`linux-modules-nvidia-BRANCH-FLAVOUR`) is not installed.

    How we know:
        linux-modules-nvidia packages hold a module for other kernels under /lib/modules, there is none for the running
        one (`uname -r`), and DKMS does not have the driver.

    Fix:
        Install the package for the running kernel: `apt-get install linux-modules-nvidia-580-$(uname -r)` with your
        driver's branch in place of 580, and once `linux-modules-nvidia-580-generic` (or `-aws`, `-azure` …), so that
        the next kernel brings its module along. Then `modprobe nvidia` as root, or reboot. Or start the kernel that
        has one.

    Harmless when:
        DKMS builds the module: then this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if not without_driver(driver, os, pci, smi, libcuda) or driver.module_files != () or kernel.dkms:
        return
    others = [one for one in kernel.prebuilt_kernels if one != os.kernel]
    if not others or os.kernel in kernel.nvidia_kernels or kernel.modules_present is False:
        return
    yield Problem(
        subject="machine",
        message=f"the prebuilt nvidia module is installed for kernel {clean(others[-1], 80)} and not for the running "
        f"kernel {clean(os.kernel, 80)}",
        evidence=rows(seen("/lib/modules", f"nvidia for: {', '.join(kernel.nvidia_kernels)}"), driver.library_seen),
        source=DRIVER_INSTALL,
    )
