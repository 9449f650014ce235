"""Finds an installed kernel that this driver is too old for."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import DKMS
from cudadoctor.checks.shared.machine import bare, clean
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts


def _order(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", release.partition("-")[0])) + tuple(
        int(number) for number in re.findall(r"\d{1,9}", release.partition("-")[2])[:1]
    )


@check("OS012", severity=Severity.WARNING)
def kernel_too_new_for_driver(kernel: KernelFacts, os: OsFacts, driver: DriverFacts) -> Result:
    """A newer kernel is installed for which this driver cannot be built: after the next start there is no driver.

    Why:
        The driver works with the running kernel. For the newer one that the next start takes, its source does not
        compile: it uses interfaces of the kernel that are gone. DKMS's make.log shows it.

    How we know:
        DKMS's make.log for a kernel that is installed, newer than the running one, and without an nvidia module, ends
        in errors of interfaces that are gone ("implicit declaration of function", "has no member named").

    Fix:
        Before the next start: upgrade the driver to a branch that knows the new kernel and let DKMS build it
        (`dkms autoinstall -k` with the kernel's name, as root), or remove the new kernel, or choose the present one in
        the boot menu and hold it (`apt-mark hold`, or `dnf versionlock`).

    Harmless when:
        The new kernel is never started.

    Sources:
        https://github.com/dell/dkms
    """
    if not bare(os) or not driver.loaded or os.kernel is None:
        return
    for one in kernel.dkms or ():
        newer = one.kernel is not None and _order(one.kernel) > _order(os.kernel)
        if one.state != "failed" or one.reason != "kernel-too-new" or not newer or one.kernel not in kernel.kernels:
            continue
        if one.kernel in kernel.nvidia_kernels:
            continue
        yield Problem(
            subject="machine",
            message=f"kernel {clean(one.kernel, 80)} is installed, and driver {clean(one.version, 40)} cannot be built "
            "for it: after a start with that kernel there is no driver",
            evidence=(one.seen,),
            source=DKMS,
        )
        return
