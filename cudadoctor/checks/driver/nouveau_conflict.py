"""Finds nouveau holding the GPU of an installed NVIDIA driver."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.kernel_log import events, runs, says_no_driver, seen_of
from cudadoctor.checks.shared.machine import bare, clean, cuda_runs, rows, seen, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_FREE_DRIVERS = ("nouveau", "nova", "nova_core", "nova-core", "nova_drm", "nova-drm")


@check(
    "DRV005",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-another-driver-owns-gpu",),
            message="another kernel driver holds the GPU, so NVIDIA's module does not get it",
            source=INSTALL_GUIDE,
            unless=("vfio-in-use",),
            confidence=Confidence.LIKELY,
        ),
    ),
)
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

    How we know:
        The GPU's driver link in /sys/bus/pci leads to nouveau or nova while NVIDIA's driver is installed (`lspci -k`:
        "Kernel driver in use: nouveau"). In a text also the installer's "The Nouveau kernel driver is currently in use
        by your system", or lsmod with nouveau beside an nvidia-smi that reaches nothing; "the NVIDIA probe routine was
        not called for 1 device(s)" alone is possible only.

    Fix:
        Keep nouveau from loading: `echo 'blacklist nouveau' | sudo tee /etc/modprobe.d/blacklist-nouveau.conf` and
        `echo 'options nouveau modeset=0' | sudo tee -a /etc/modprobe.d/blacklist-nouveau.conf`; then `sudo
        update-initramfs -u` (Ubuntu, Debian) or `sudo dracut -f` (RHEL-like, Fedora, SUSE), and reboot. Where nova_core
        is the holder, write its name as well.

        On RHEL-like and Fedora also `sudo grubby --update-kernel=ALL --args="rd.driver.blacklist=nouveau
        modprobe.blacklist=nouveau"`. If it still holds the GPU, NVIDIA's module did not load: `sudo modprobe nvidia`
        says why.

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


@also(nouveau_conflict)
def in_messages(
    symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, smi: SmiFacts | None, driver: DriverFacts | None
) -> Result:
    """By name in lspci or in the installer's words; or lsmod lists it and the NVIDIA driver cannot be reached."""
    if runs(driver, smi) or (kernel is not None and kernel.live):
        return
    holds, loaded = every(symptoms, "nouveau-in-use"), every(symptoms, "nouveau-loaded")
    bound = every(symptoms, "nouveau-bound")
    taken = events(kernel, "held-by-other")
    vfio = every(symptoms, "vfio-in-use")
    fails = bool(every(symptoms, "smi-no-driver", "module-load-failed")) or says_no_driver(smi) or bool(taken)
    # Who uses nouveau and wants nothing else has no fault.
    if bound and (fails or every(symptoms, "nvidia-driver-named")):
        holds += bound
    if holds or (loaded and fails):
        holder = next((one.values["driver"] for one in holds if "driver" in one.values), "nouveau")
        yield Problem(
            subject="machine",
            message=f"`{clean(holder, 20)}` holds the GPU, so the NVIDIA driver cannot use it",
            evidence=seen_of(*holds, *loaded, *taken),
            source=INSTALL_GUIDE,
            confidence=Confidence.CERTAIN if holds and fails else Confidence.LIKELY,
        )
    elif taken and not vfio:
        yield Problem(
            subject="machine",
            message="another kernel driver holds the GPU, most often `nouveau`, so the NVIDIA driver cannot use it",
            evidence=seen_of(*taken),
            source=INSTALL_GUIDE,
            confidence=Confidence.POSSIBLE,
        )
