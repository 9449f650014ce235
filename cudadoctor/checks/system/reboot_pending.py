"""Finds a machine that waits for a reboot."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import without_driver
from cudadoctor.checks.shared.machine import bare, clean, rows, seen
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts


@check("OS002", severity=Severity.INFO)
def reboot_pending(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    os: OsFacts,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The machine waits for a reboot: the kernel or the driver was upgraded under it.

    Why:
        After an upgrade the old kernel goes on running. Where the upgrade removed that kernel's modules (Arch does, and
        `apt autoremove` can), nothing that is not loaded yet can be loaded: nvidia-smi and CUDA fail until a reboot.

    How we know:
        /lib/modules has no directory for the running kernel (`uname -r`) while another kernel there has an nvidia
        module; or /run/reboot-required.pkgs names the driver or the kernel.

    Fix:
        Reboot.

    Harmless when:
        The driver works: then it is information, and the reboot can wait for a good moment.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if not bare(os):
        return
    if kernel.modules_present is False and kernel.nvidia_kernels and driver is not None:
        stuck = without_driver(driver, os, pci, smi, libcuda)
        yield Problem(
            subject="machine",
            message=f"the modules of the running kernel {clean(os.kernel, 80)} are gone from the disk: the kernel was "
            "upgraded, and the machine not rebooted",
            evidence=rows(seen("/lib/modules", ", ".join(kernel.kernels[:4]))),
            source=DRIVER_INSTALL,
            severity=Severity.ERROR if stuck else None,
        )
        return
    named = [
        one for one in kernel.reboot_required if one.startswith(("nvidia", "libnvidia", "linux-image", "linux-base"))
    ]
    if named and driver is not None and driver.installed:
        yield Problem(
            subject="machine",
            message=f"a reboot is asked for by {clean(', '.join(named[:3]), 120)}",
            evidence=(seen("/run/reboot-required.pkgs", ", ".join(named[:6])),),
            source=DRIVER_INSTALL,
        )
