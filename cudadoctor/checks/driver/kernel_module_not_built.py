"""Finds a driver whose module does not exist for the running kernel."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import events, runs, says_no_driver, seen_of
from cudadoctor.checks.shared.machine import bare, clean, cuda_runs, own_pci, rows, seen, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
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

    How we know:
        The driver's libraries are installed and /lib/modules of the running kernel (`uname -r`) holds no nvidia.ko,
        under any name or compression. In a text: "modprobe: FATAL: Module nvidia not found in directory
        /lib/modules/…", "Exec format error", "version magic … should be", or `dkms status` with modules for other
        kernels only. Where DKMS tried and failed it is `dkms-build-failed`, where the headers are missing
        `kernel-headers-missing`.

    Fix:
        Ubuntu: `sudo apt-get install linux-headers-$(uname -r)` and `sudo dkms autoinstall`, or the prebuilt module
        `sudo apt-get install linux-modules-nvidia-580-$(uname -r)` with your branch.

        Debian: `sudo apt-get install linux-headers-amd64`, then `sudo dkms autoinstall`. RHEL-like: `sudo dnf install
        kernel-devel-$(uname -r)`, then `sudo dkms autoinstall`.

        Fedora with RPM Fusion: `sudo akmods --force`. A .run file: run it again, with `--dkms`. Then `sudo modprobe
        nvidia`, or reboot. At once: choose the previous kernel in the boot menu.

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


@also(kernel_module_not_built)
def in_messages(
    symptoms: tuple[Symptom, ...], driver: DriverFacts | None, smi: SmiFacts | None, kernel: KernelFacts | None
) -> Result:
    """There is no module, says modprobe, in the running kernel's folder, or one of another kernel.

    Where only nvidia_uvm is not found by its name, and nothing says that the driver itself is missing, it may be that
    module alone: that has a name of its own.
    """
    if runs(driver, smi) or (kernel is not None and kernel.live):
        return
    absent = every(symptoms, "module-not-in-directory", "module-other-kernel")
    unnamed = every(symptoms, "module-not-found-by-name")
    without = every(symptoms, "tf-no-kernel-driver", "smi-no-driver")
    named = [one for one in unnamed if without or not one.values.get("module", "").endswith("uvm")]
    magic = events(kernel, "version-magic")
    if not absent and not named and not magic:
        return
    release = next((one.values["kernel"] for one in absent if "kernel" in one.values), None)
    yield Problem(
        subject="machine",
        message="there is no nvidia module for "
        + (f"kernel {clean(release, 80)}" if release else "the running kernel"),
        evidence=seen_of(*absent, *named, *magic),
        source=DRIVER_INSTALL,
        confidence=Confidence.CERTAIN if absent else Confidence.LIKELY,
    )


@also(kernel_module_not_built)
def _by_dkms(kernel: KernelFacts, os: OsFacts, driver: DriverFacts | None, smi: SmiFacts | None) -> Result:
    """In a text: `dkms status` lists modules, none of them for the kernel that runs, and nvidia-smi finds no driver."""
    built = [one for one in kernel.dkms or () if one.state in ("built", "installed")]
    failing = says_no_driver(smi) or (driver is not None and driver.loaded is False)
    if kernel.live or runs(driver, smi) or not built or os.kernel is None or not failing:
        return
    if any(one.kernel in (None, os.kernel) for one in built):
        return
    others = ", ".join(dict.fromkeys(clean(one.kernel, 60) for one in built))
    yield Problem(
        subject="machine",
        message=f"DKMS has built the nvidia module for {others}, and kernel {clean(os.kernel, 80)} is running",
        evidence=tuple(one.seen for one in built[:3]),
        source=DRIVER_INSTALL,
    )
