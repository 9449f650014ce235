"""Finds missing kernel headers, without which DKMS builds no nvidia module."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import DKMS
from cudadoctor.checks.shared.kernel_log import runs, seen_of, speaks_of_nvidia, without_driver
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check(
    "OS003",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("driver-container-no-headers",),
            message="the driver container finds no package of headers for the node's kernel",
            source=DKMS,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def kernel_headers_missing(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The headers of the running kernel are not installed, so the nvidia module could not be built for it.

    Why:
        DKMS and NVIDIA's installer compile the module against the headers of exactly the kernel that runs. A kernel
        update without its headers leaves the machine without a driver at the next start, mostly without a word.

    How we know:
        DKMS has the driver's source, no module for the running kernel is there, and /lib/modules/$(uname -r)/build
        leads to nothing. In a text: "Your kernel headers for kernel … cannot be found", "Module build for kernel … was
        skipped since the kernel headers for this kernel do not seem to be installed", or the installer's "Unable to
        find the kernel source tree for the currently running kernel".

    Fix:
        Ubuntu: `apt-get install linux-headers-$(uname -r)`, and once the package that keeps up with new kernels:
        `linux-headers-generic` (with an HWE kernel `linux-headers-generic-hwe-22.04` and so on).

        Debian: `linux-headers-amd64`. RHEL-like: `dnf install kernel-devel-$(uname -r)` or `kernel-devel-matched`.
        Arch: `linux-headers`. Then, as root, `dkms autoinstall` and `modprobe nvidia`.

        Where the headers of the running kernel are no longer offered: upgrade the kernel and reboot.

    Harmless when:
        The distribution's prebuilt modules are used: they need no headers, and this check is silent.

    Sources:
        https://github.com/dell/dkms
    """
    if not without_driver(driver, os, pci, smi, libcuda) or driver.module_files != () or kernel.headers is not False:
        return
    waiting = [one for one in kernel.dkms or () if one.state in ("added", "failed") or one.kernel != os.kernel]
    if not waiting:
        return
    release = clean(os.kernel, 80)
    yield Problem(
        subject="machine",
        message=f"DKMS has the NVIDIA driver, and the headers of the running kernel {release} are not installed",
        evidence=rows(seen(f"/lib/modules/{release}/build", "leads nowhere"), waiting[0].seen),
        source=DKMS,
    )


@also(kernel_headers_missing)
def in_messages(symptoms: tuple[Symptom, ...], driver: DriverFacts | None, smi: SmiFacts | None) -> Result:
    """DKMS or the installer says so, and something shows that the module is NVIDIA's."""
    certain = every(symptoms, "installer-no-kernel-source")
    said = every(symptoms, "kernel-headers-not-found")
    if runs(driver, smi) or not (certain or (said and speaks_of_nvidia(symptoms, smi))):
        return
    release = next((one.values["kernel"] for one in said if "kernel" in one.values), None)
    yield Problem(
        subject="machine",
        message=f"the headers of kernel {clean(release, 80) if release else 'in use'} are not installed, "
        "and without them the nvidia module cannot be built",
        evidence=seen_of(*said, *certain),
        source=DKMS,
        confidence=Confidence.CERTAIN
        if certain or every(symptoms, "dkms-nvidia", "dkms-nvidia-listed")
        else Confidence.LIKELY,
    )
