"""Finds an nvidia module that DKMS could not build for the running kernel."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import DKMS
from cudadoctor.checks.shared.kernel_log import runs, seen_of, speaks_of_nvidia, without_driver
from cudadoctor.checks.shared.machine import clean, rows
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_WHY = {
    "compiler-missing": "the compiler that built the kernel is not installed",
    "compiler-differs": "the compiler is another one than the kernel was built with",
    "kernel-too-new": "the driver is too old for this kernel",
    "no-space": "the disk is full",
}


@check(
    "DRV003",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("installer-compiler-differs",),
            message="the kernel was built with another compiler than the one that builds NVIDIA's module",
            source=DKMS,
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("dkms-autoinstall-failed",),
            message="DKMS could not build the NVIDIA module for a kernel",
            source=DKMS,
            unless=(
                "dkms-other",
                "kernel-headers-not-found",
                "module-key-rejected",
                "dkms-nvidia-failed",
                "dkms-build-failed",
            ),
            beside=("nvidia-driver-named", "dkms-nvidia", "dkms-nvidia-listed"),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def dkms_build_failed(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """DKMS tried to build the nvidia module for the running kernel, and the build failed.

    Why:
        DKMS compiles the module anew for each kernel. It fails where the driver is older than the kernel and uses
        interfaces that are gone (`implicit declaration`, `has no member named`), where the compiler is missing or is
        another one than the kernel was built with (Ubuntu 22.04 with the HWE kernel wants gcc-12), or where the disk
        is full. `/var/lib/dkms/nvidia/VERSION/build/make.log` has the deciding line: the first one with `error`.

    How we know:
        The make.log of the running kernel under /var/lib/dkms/nvidia ends in an error; or a text has "Bad return status
        for module build on kernel", "bad exit status: 2" or "Unable to build the NVIDIA kernel module", beside
        something that shows that the module is NVIDIA's. "kernel headers for kernel … cannot be found" is
        `kernel-headers-missing`.

    Fix:
        Driver too old: install a newer driver branch, or start the previous kernel and stay on it. Ubuntu and Debian: a
        newer `nvidia-driver` package; RHEL-like and Fedora: `dnf upgrade` of the driver's packages. Compiler: install
        the one that `/proc/version` names (`apt-get install gcc-12`).

        Then, as root, `dkms autoinstall` and `modprobe nvidia`. On Ubuntu the prebuilt `linux-modules-nvidia` packages
        need no compiler at all.

    Harmless when:
        The build failed for a kernel that is not running: then this check is silent.

    Sources:
        https://github.com/dell/dkms
    """
    if not without_driver(driver, os, pci, smi, libcuda) or driver.module_files:
        return
    for one in kernel.dkms or ():
        if one.state != "failed" or one.kernel not in (None, os.kernel) or one.reason == "headers-missing":
            continue
        why = _WHY.get(one.reason or "", "")
        yield Problem(
            subject="machine",
            message=f"DKMS could not build the nvidia module {clean(one.version, 40)} for kernel {clean(os.kernel, 80)}"
            + (f": {why}" if why else ""),
            evidence=(one.seen,),
            source=DKMS,
        )
        return


@also(dkms_build_failed)
def in_messages(symptoms: tuple[Symptom, ...], driver: DriverFacts | None, smi: SmiFacts | None) -> Result:
    """DKMS says so, and something shows that the module is NVIDIA's."""
    certain = every(symptoms, "dkms-nvidia-failed", "installer-build-failed")
    failed = every(symptoms, "dkms-build-failed")
    if runs(driver, smi) or not (certain or (failed and speaks_of_nvidia(symptoms, smi))):
        return
    named = every(symptoms, "dkms-nvidia", "dkms-nvidia-listed")
    if not certain and every(symptoms, "dkms-other") and not every(symptoms, "dkms-nvidia"):
        return
    release = next((one.values["kernel"] for one in failed if "kernel" in one.values), None)
    yield Problem(
        subject="machine",
        message="the nvidia module could not be built" + (f" for kernel {clean(release, 80)}" if release else ""),
        evidence=rows(*seen_of(*failed, *certain)),
        source=DKMS,
        confidence=Confidence.CERTAIN if certain or named else Confidence.LIKELY,
    )
