"""Finds driver packages that no configured repository offers."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Driver Installation Guide",
    url="https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/",
    read_on="2026-12-01",
)


@check(
    "APT009",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("dnf-module-filtered",),
            message="dnf hides the driver's packages because another module stream is enabled",
            source=_PAGE,
        ),
        Says(
            kinds=("dkms-package-missing",),
            message="the driver's package needs dkms, which EPEL has, and EPEL is not enabled",
            source=_PAGE,
        ),
        Says(
            kinds=("driver-package-not-found",),
            message="no configured repository has the driver package {package}",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def driver_package_unavailable(symptoms: tuple[Symptom, ...]) -> Result:
    """The driver package is not in any repository that this system uses, or is hidden from it.

    Why:
        Drivers come from the distribution's restricted component, NVIDIA's repository or RPM Fusion. Without it, with
        another module stream enabled, or without EPEL (for dkms), the package manager finds nothing to install.

    How we know:
        apt's "Unable to locate package nvidia-driver-…" or "has no installation candidate"; dnf's "No match for
        argument", "filtered out by modular filtering" or "nothing provides dkms needed by kmod-nvidia-…".

    Fix:
        Ubuntu: `sudo add-apt-repository restricted multiverse && sudo apt-get update`, then `ubuntu-drivers list`
        names what exists. Debian: add the components contrib, non-free and non-free-firmware.

        RHEL and its like: enable EPEL (`sudo dnf install epel-release`), add NVIDIA's repository, and choose the
        stream with `sudo dnf module reset nvidia-driver && sudo dnf module enable nvidia-driver:open-dkms`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    yield from decided_by_messages(symptoms)
