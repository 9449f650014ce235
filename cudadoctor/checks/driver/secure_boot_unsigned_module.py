"""Finds an nvidia module that the kernel refuses for its signature."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import MODULE_SIGNING
from cudadoctor.checks.shared.kernel_log import events, runs, seen_of, speaks_of_nvidia, without_driver
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_REFUSED = "the kernel refuses the nvidia module, because it is not signed with a key that it trusts"


@check(
    "DRV004",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("kernel-requires-signed-modules",),
            message="the kernel refuses modules that are not signed by a trusted key",
            source=MODULE_SIGNING,
            beside=("nvidia-driver-named", "dkms-nvidia", "smi-no-driver"),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def secure_boot_unsigned_module(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The kernel refuses the nvidia module, because it is not signed with a key that it trusts.

    Why:
        With Secure Boot the kernel loads signed modules only. A module that DKMS built is signed with this machine's
        own key (MOK), which the firmware must be told of once, at its blue screen after a reboot. `modprobe nvidia`
        says "Key was rejected by service" (older kernels: "Required key not available").

    How we know:
        `modprobe nvidia` says "Key was rejected by service" or "Required key not available", the installer "module
        failed to load … Secure Boot is enabled", or the kernel's log "Loading of unsigned module is rejected" with
        Secure Boot on. "module verification failed: signature and/or required key missing - tainting kernel" is no
        refusal.

    Fix:
        Enrol the key that the module is signed with. As root: Ubuntu `mokutil --import
        /var/lib/shim-signed/mok/MOK.der`; Debian, RHEL and its like, Amazon Linux: `mokutil --import
        /var/lib/dkms/mok.pub`; Fedora's akmods: `mokutil --import /etc/pki/akmods/certs/public_key.der`. It asks for a
        password; reboot, choose "Enroll MOK" at the blue screen and give that password.

        Or install a module that the distribution signed, which needs no key: on Ubuntu the package
        linux-modules-nvidia of your driver and kernel (`linux-modules-nvidia-580-server-open-generic`), with the
        nvidia-dkms package removed; on openSUSE `nvidia-open-driver-G06-signed-kmp-meta`. Or switch Secure Boot off in
        the firmware. `mokutil --sb-state` and `mokutil --test-key FILE` show the current state.

    Harmless when:
        The log only says "module verification failed … tainting kernel": there the module was loaded all the same.

    Sources:
        https://docs.kernel.org/admin-guide/module-signing.html
    """
    if not without_driver(driver, os, pci, smi, libcuda) or driver.module_files == ():
        return
    enforced = os.secure_boot is not False or any(one.startswith("module.sig_enforce") for one in kernel.parameters)
    refused = events(kernel, "signature-refused")
    if refused and enforced:
        yield Problem(
            subject="machine",
            message=_REFUSED,
            evidence=rows(*seen_of(*refused), kernel.module.seen if kernel.module else None),
            source=MODULE_SIGNING,
            confidence=Confidence.CERTAIN if os.secure_boot else Confidence.LIKELY,
        )
        return
    unsigned = kernel.module is not None and kernel.module.signer is None
    locked = kernel.lockdown in ("integrity", "confidentiality")
    if kernel.module is not None and unsigned and os.secure_boot and locked:
        yield Problem(
            subject="machine",
            message="Secure Boot is on, and the nvidia module on disk is not signed",
            evidence=(kernel.module.seen, seen("/sys/kernel/security/lockdown", kernel.lockdown or "")),
            source=MODULE_SIGNING,
            confidence=Confidence.LIKELY,
        )


@also(secure_boot_unsigned_module)
def in_messages(
    symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, driver: DriverFacts | None, smi: SmiFacts | None
) -> Result:
    """modprobe, the installer or the kernel's log says so."""
    if runs(driver, smi) or (kernel is not None and kernel.live):
        return
    said = every(symptoms, "module-key-rejected", "installer-not-signed")
    if said:
        yield Problem(subject="machine", message=_REFUSED, evidence=seen_of(*said), source=MODULE_SIGNING)
        return
    barred = every(symptoms, "module-not-permitted")
    logged = events(kernel, "signature-refused")
    if logged and (barred or speaks_of_nvidia(symptoms, smi)):
        yield Problem(
            subject="machine",
            message=_REFUSED,
            evidence=seen_of(*logged, *barred),
            source=MODULE_SIGNING,
            confidence=Confidence.LIKELY,
        )
