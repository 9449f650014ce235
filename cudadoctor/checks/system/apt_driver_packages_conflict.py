"""Finds driver packages that apt or dpkg cannot bring together."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import DPKG
from cudadoctor.checks.shared.machine import seen
from cudadoctor.checks.shared.messages import every, installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_DRIVER = (
    "nvidia-driver*",
    "libnvidia-*",
    "nvidia-utils-*",
    "nvidia-kernel-*",
    "nvidia-dkms-*",
    "nvidia-compute-utils-*",
)
_MORE = (
    "cuda-drivers*",
    "nvidia-persistenced",
    "nvidia-modprobe",
    "linux-modules-nvidia-*",
    "libcuda1",
    "nvidia-open*",
)
_BROKEN = ("half-configured", "half-installed", "unpacked")


@check("APT004", severity=Severity.WARNING)
def apt_driver_packages_conflict(os: OsFacts, distro: DistroFacts, driver: DriverFacts | None) -> Result:
    """Driver packages are half installed, or those of two repositories exclude each other.

    Why:
        Ubuntu's and NVIDIA's packages of the driver have the same or overlapping names and other contents; from both
        at once apt gets `The following packages have unmet dependencies … held broken packages`, dpkg `trying to
        overwrite …, which is also in package …`. An installation that was interrupted, or a module that could not be
        built, leaves packages half configured, and every later apt run stops at them.

    How we know:
        dpkg's record of driver packages: half-configured, half-installed or unpacked. In a text: "nvidia-driver-580 :
        Depends: … but it is not going to be installed", "E: Unable to correct problems, you have held broken packages",
        "trying to overwrite '…', which is also in package …", "Errors were encountered while processing".

    Fix:
        First `sudo dpkg --configure -a`, then `sudo apt-get -f install`. Where two sources conflict choose one: `apt
        policy nvidia-driver-580 cuda-drivers` shows which version comes from where, `apt-mark showhold` what is held.
        Remove the driver's packages of the other one: `sudo apt-get purge '^nvidia-driver-.*' '^libnvidia-.*'
        '^cuda-drivers.*' '^nvidia-dkms-.*' '^nvidia-kernel-.*'` (read the list that apt shows before you agree; the
        toolkit, cuda-toolkit-…, and libnvidia-container stay), then install one driver: `sudo apt-get install
        nvidia-driver-580` from Ubuntu, or `cuda-drivers-580` or `nvidia-open` from NVIDIA.

        Where dpkg says that the module could not be built, look at /var/lib/dkms/nvidia/*/build/make.log first.

    Harmless when:
        An upgrade is running at this moment.

    Sources:
        https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if os.container is not None:
        return
    broken = [one for one in installed(distro, *_DRIVER, *_MORE) if one.state in _BROKEN]
    broken = [one for one in broken if not one.name.startswith("libnvidia-container")]
    if not broken:
        return
    # A module that could not be built leaves its package so, and is told of by its own name.
    by_module = driver is not None and driver.loaded is False and all("dkms" in one.name for one in broken)
    names = ", ".join(f"{one.name} ({one.state})" for one in broken[:4])
    more = f" and {len(broken) - 4} more" if len(broken) > 4 else ""
    yield Problem(
        subject="machine",
        message=f"dpkg did not finish driver packages: {names}{more}",
        evidence=tuple(seen(f"package {one.name}", f"{one.version} {one.state}") for one in broken[:4]),
        source=DPKG,
        severity=Severity.INFO if by_module else None,
    )


@also(apt_driver_packages_conflict)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """Apt and dpkg name the driver packages that they cannot bring together."""
    unmet = every(symptoms, "apt-unmet-dependency", "dpkg-overwrite")
    # What stops at nvidia-dkms is a module that cannot be built: the message before it says why.
    stopped = [one for one in every(symptoms, "dpkg-not-configured") if "dkms" not in one.values.get("package", "")]
    found = unmet or tuple(stopped)
    if not found:
        return
    packages = list(dict.fromkeys(one.values.get("package", "") for one in found))
    if all(name.startswith("libnvidia-container") for name in packages):
        return
    what = "cannot bring together" if unmet else "could not finish"
    yield Problem(
        subject="machine",
        message=f"apt {what} driver packages: {', '.join(packages[:4])}",
        evidence=tuple(one.seen for one in found[:4]),
        source=DPKG,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY if unmet else Confidence.POSSIBLE,
    )
