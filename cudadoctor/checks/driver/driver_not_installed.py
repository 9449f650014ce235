"""Finds a GPU without any driver."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.machine import bare, cuda_runs, gpu_shown, own_pci, rows, smi_lists
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check(
    "DRV013",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("apptainer-no-driver-files",),
            message="Apptainer's --nv finds no NVIDIA driver on this host; a login node has none",
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        ),
    ),
)
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
        CUDA needs NVIDIA's kernel module and its user-space libraries. nouveau, the open driver that ships with
        Linux, does not run CUDA.

    How we know:
        A device of vendor 10de of a display class is on the PCI bus (/sys/bus/pci/devices), and there is neither a
        loaded module nor any file of the driver (module, libcuda, libnvidia-ml, nvidia-smi). Cards that vfio-pci holds
        for a guest are not counted.

    Fix:
        `cudadoctor fix driver-not-installed` prints the steps for this machine. By hand, for Turing and newer:

        Ubuntu 22.04 and newer: `sudo apt-get install nvidia-driver-580-server-open`; older releases: `sudo apt-get
        install ubuntu-drivers-common` and `sudo ubuntu-drivers autoinstall`. Debian: enable contrib, non-free and
        non-free-firmware, then `sudo apt-get install linux-headers-amd64 nvidia-driver firmware-misc-nonfree`; for
        CUDA 13 or Blackwell install `nvidia-driver-pinning-580` and `nvidia-open` from NVIDIA's repository instead.

        RHEL, Rocky, Alma and Oracle Linux 8 and 9, Amazon Linux 2023: NVIDIA's repository (and EPEL, except on Amazon
        Linux), then `sudo dnf module enable nvidia-driver:580-open` and `sudo dnf install nvidia-open`. Fedora: RPM
        Fusion, then `sudo dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda`.

        openSUSE Leap 15: `sudo zypper install openSUSE-repos-Leap-NVIDIA`, then `sudo zypper install
        nvidia-open-driver-G06-signed-kmp-meta`. Arch: `sudo pacman -Syu nvidia-open nvidia-utils`. Then reboot.

        Maxwell, Pascal and Volta need branch 580 with the proprietary module, Kepler branch 470. With Secure Boot on,
        enrol the key of a module that is built on this machine; Ubuntu's and openSUSE's open modules are signed.

        This cannot be done without administrator rights: the driver is a part of the kernel.

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


@also(driver_not_installed)
def in_messages(symptoms: tuple[Symptom, ...], pci: PciFacts, os: OsFacts | None, driver: DriverFacts | None) -> Result:
    """Neither libcuda nor nvidia-smi is found, beside a GPU on the bus; in a container both may lie outside."""
    library, tool = first(symptoms, "libcuda-not-found"), first(symptoms, "nvidia-smi-not-found")
    inside = first(symptoms, "container-named", "container-prompt") is not None or (os is not None and not bare(os))
    # Where it is known whether one is installed, the first rule decides.
    known = driver is not None and any(one is not None for one in (driver.installed, driver.loaded, driver.version))
    if library is not None and tool is not None and own_pci(pci) and not inside and not known:
        yield Problem(
            subject="machine",
            message="no NVIDIA driver is installed: neither libcuda.so.1 nor nvidia-smi is there",
            evidence=rows(quoted(library), quoted(tool), pci.seen),
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        )
