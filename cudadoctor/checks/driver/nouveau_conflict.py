"""Finds nouveau holding the GPU of an installed NVIDIA driver."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import bare, cuda_runs, rows, seen, smi_lists
from cudadoctor.checks.sources import INSTALL_GUIDE
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.system import OsFacts

_FREE_DRIVERS = ("nouveau", "nova", "nova_core", "nova-core", "nova_drm", "nova-drm")


@check("DRV005", severity=Severity.ERROR)
def nouveau_conflict(
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The GPU is held by nouveau, so that the NVIDIA driver cannot have it.

    Why:
        One kernel driver can hold a GPU. While nouveau (or its successor nova) is bound to it, the nvidia module
        finds nothing to drive, and CUDA has no device.

    Fix:
        Keep nouveau from loading (a blacklist file under /etc/modprobe.d), rebuild the initramfs, and reboot.

    Harmless when:
        A second GPU is left to nouveau for the display on purpose: then this is information.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if not bare(os) or driver.installed is False or driver.module_files == ():
        return
    if driver.installed is None:
        yield Unknown(subject="machine", reason="it is not known whether a driver is installed")
        return
    held = [] if pci is None else [device for device in pci.gpus if device.driver in _FREE_DRIVERS]
    works = cuda_runs(libcuda) or smi_lists(smi) or bool(driver.loaded)
    for device in held:
        yield Problem(
            subject="machine",
            message=f"`{device.driver}` holds the GPU at {device.bus_id}, so the NVIDIA driver cannot use it",
            evidence=rows(seen(f"/sys/bus/pci/devices/{device.bus_id}/driver", device.driver or ""), driver.seen),
            source=INSTALL_GUIDE,
            severity=Severity.INFO if works else None,
        )
        return
    loaded = [module for module in driver.other_modules if module in _FREE_DRIVERS]
    if pci is None and loaded and driver.loaded is False and not works:
        yield Problem(
            subject="machine",
            message=f"`{loaded[0]}` is loaded and the nvidia module is not",
            evidence=rows(driver.seen),
            source=INSTALL_GUIDE,
            confidence=Confidence.LIKELY,
        )
