"""Finds an installed driver whose kernel module is not loaded, for no reason that can be seen."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import runs, says_no_driver, seen_of
from cudadoctor.checks.shared.machine import active, bare, cuda_runs, own_pci, rows, seen, smi_lists, smi_seen, unsure
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_BARS = re.compile(r"blacklist=\S*\bnvidia\b(?![-_])")
"""module_blacklist and modprobe.blacklist on the kernel's command line."""


@check(
    "DRV001",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-probe-failed",),
            message="NVIDIA's module was loaded and could not start the GPU; the NVRM lines before it say why",
            source=DRIVER_INSTALL,
            unless=(
                "nvrm-open-module-needs-gsp",
                "nvrm-open-module-required",
                "nvrm-open-module-data-center-only",
                "nvrm-legacy-gpu-ignored",
                "nvrm-gpu-not-supported",
                "nvrm-bar-invalid",
                "nvrm-gpu-lost",
                "nvrm-api-mismatch",
                "nvrm-another-driver-owns-gpu",
                "nouveau-in-use",
                "vfio-in-use",
                "off-the-bus",
            ),
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("module-no-such-device",),
            message="the nvidia module gave up on the device; the kernel log (`sudo dmesg | grep -i nvrm`) says why",
            source=DRIVER_INSTALL,
            unless=(
                "nvrm-open-module-needs-gsp",
                "nvrm-open-module-required",
                "nvrm-open-module-data-center-only",
                "nvrm-legacy-gpu-ignored",
                "nvrm-gpu-not-supported",
                "nvrm-bar-invalid",
                "nvrm-gpu-lost",
                "nvrm-api-mismatch",
                "nvrm-another-driver-owns-gpu",
                "nouveau-in-use",
                "vfio-in-use",
                "off-the-bus",
                "nvrm-probe-failed",
            ),
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("container-driver-not-loaded",),
            message="the host's NVIDIA kernel module is not loaded, so containers get no GPU",
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("installer-module-not-loaded",),
            message="NVIDIA's installer built the kernel module and could not load it",
            source=DRIVER_INSTALL,
            unless=(
                "nvrm-open-module-needs-gsp",
                "nvrm-open-module-required",
                "nvrm-open-module-data-center-only",
                "nvrm-legacy-gpu-ignored",
                "nvrm-gpu-not-supported",
                "nvrm-bar-invalid",
                "nvrm-gpu-lost",
                "nvrm-api-mismatch",
                "nvrm-another-driver-owns-gpu",
                "nouveau-in-use",
                "vfio-in-use",
                "off-the-bus",
                "installer-not-signed",
                "nouveau-loaded",
            ),
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("operator-driver-not-ready",),
            message="the GPU operator waits for a driver that is not ready on the node",
            source=DRIVER_INSTALL,
            confidence=Confidence.POSSIBLE,
        ),
        Says(
            kinds=("persistenced-no-devices",),
            message="nvidia-persistenced finds no GPU of the driver's",
            source=DRIVER_INSTALL,
            unless=(
                "nvrm-open-module-needs-gsp",
                "nvrm-open-module-required",
                "nvrm-open-module-data-center-only",
                "nvrm-legacy-gpu-ignored",
                "nvrm-gpu-not-supported",
                "nvrm-bar-invalid",
                "nvrm-gpu-lost",
                "nvrm-api-mismatch",
                "nvrm-another-driver-owns-gpu",
                "nouveau-in-use",
                "vfio-in-use",
                "off-the-bus",
            ),
            confidence=Confidence.POSSIBLE,
        ),
    ),
)
def driver_module_not_loaded(  # noqa: PLR0917  facts, passed by name
    pci: PciFacts,
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    kernel: KernelFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """The NVIDIA driver is installed and its kernel module is not loaded.

    Why:
        Without the module neither nvidia-smi nor CUDA reaches the GPU. Usual reasons: no reboot after the
        installation, a module that Secure Boot refuses, a blacklist line, or a GPU that this branch does not know.

    How we know:
        The driver's files are installed, a module for the running kernel is on disk, and /proc/driver/nvidia/version is
        not there, nor does a kernel driver hold the GPU. In a text without more: "NVIDIA-SMI has failed because it
        couldn't communicate with the NVIDIA driver" or "kernel driver does not appear to be running on this host". A
        module that is not built, refused for its signature, or displaced by nouveau has a name of its own.

    Fix:
        As root: `modprobe nvidia`, and read what it says, and `dmesg | tail -30`: it names the reason. Reboot if the
        driver was installed since the last start. "Key was rejected by service": enrol the key
        (`secure-boot-unsigned-module`).

        "not found in directory": build the module (`kernel-module-not-built`): `sudo dkms autoinstall` on Ubuntu,
        Debian and RHEL-like, `sudo akmods --force` on Fedora with RPM Fusion. A blacklist line: `grep -r nvidia
        /etc/modprobe.d`. In a container the driver belongs on the host.

    Harmless when:
        The GPU was switched off on purpose (a laptop set to its integrated GPU). Where nvidia is blacklisted and the
        active environment has no torch for CUDA it is information.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    devices = own_pci(pci)
    if not devices or os.wsl is not None or os.jetson is not None or cuda_runs(libcuda) or smi_lists(smi):
        return
    if driver.loaded is None:
        yield Unknown(subject="machine", reason="it is not known whether the nvidia module is loaded")
        return
    if driver.loaded or any(device.driver == "nvidia" for device in devices):
        return
    if not bare(os):
        yield Problem(
            subject="machine",
            message="the kernel of this container's host has no nvidia module loaded; the driver belongs on the host",
            evidence=rows(driver.seen, pci.seen),
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        )
        return
    if not driver.installed or driver.module_files == ():
        return
    if any(device.driver for device in devices):
        return
    if unsure(os, kernel, pci):
        yield Unknown(subject="machine", reason="whether modprobe's configuration keeps it out is not known")
        return
    message = "the NVIDIA driver is installed and its kernel module is not loaded"
    if os.secure_boot:
        message += "; Secure Boot is on, and it refuses a module whose key was not enrolled"
    barred = (
        [one.seen for one in kernel.modprobe if one.kind == "blacklist" and one.module == "nvidia"] if kernel else []
    )
    barred += [seen("/proc/cmdline", one) for one in (kernel.parameters if kernel else ()) if _BARS.search(one)]
    if barred:
        message += "; it is blacklisted"
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None
    yield Problem(
        subject="machine",
        message=message,
        evidence=rows(driver.seen, pci.seen, *barred[:2]),
        source=DRIVER_INSTALL,
        severity=Severity.INFO if barred and not wanted else None,
    )


_SAYS = "the NVIDIA driver's kernel module is not loaded: nvidia-smi, or CUDA, reaches no driver"


def _elsewhere(os: OsFacts | None) -> bool:
    """Where this runs itself the bus is asked; without a bus (a sandbox) nothing is known of a GPU."""
    return os is not None and (not bare(os) or os.uid is not None)


@also(driver_module_not_loaded)
def _smi_says(smi: SmiFacts, pci: PciFacts | None, driver: DriverFacts | None, os: OsFacts | None) -> Result:
    """nvidia-smi cannot reach the driver, and nothing else is known (a paste)."""
    if pci is None and says_no_driver(smi) and not _elsewhere(os) and not (driver is not None and driver.loaded):
        yield Problem(
            subject="machine",
            message=_SAYS,
            evidence=rows(smi_seen(smi)),
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        )


@also(driver_module_not_loaded)
def in_messages(
    symptoms: tuple[Symptom, ...],
    pci: PciFacts | None,
    driver: DriverFacts | None,
    os: OsFacts | None,
    smi: SmiFacts | None,
) -> Result:
    """The same, told in the middle of other text."""
    if pci is not None or runs(driver, smi) or (driver is not None and driver.loaded) or _elsewhere(os):
        return
    said = every(symptoms, "smi-no-driver", "tf-no-kernel-driver", "module-fallback-nouveau")
    if said:
        yield Problem(
            subject="machine",
            message=_SAYS,
            evidence=seen_of(*said),
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        )
