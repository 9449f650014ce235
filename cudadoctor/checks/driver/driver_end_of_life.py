"""Says that the driver's branch has ended."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.shared.machine import rows
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.system import OsFacts


@check("SEC005", severity=Severity.INFO)
def driver_end_of_life(driver: DriverFacts, os: OsFacts) -> Result:
    """The driver's branch gets no more updates.

    Why:
        NVIDIA ends each branch some time after its last release; from then on it gets no security fixes and is not
        adapted to new kernels.

    How we know:
        The branch of the loaded driver (the first number, 470 in 470.256.02) is one whose end NVIDIA has published, and
        that month had passed when the table was read.

    Fix:
        Move to a branch that is supported and still drives every GPU of this machine, when it suits you: Ubuntu `sudo
        ubuntu-drivers install`; Debian: backports or NVIDIA's repository; RHEL-like: the next stream of NVIDIA's
        repository. Kepler has no branch after 470, Maxwell, Pascal and Volta none after 580.

    Harmless when:
        The GPU is supported by no newer branch, or the machine is kept as it is on purpose. Everything works as before.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    from cudadoctor.compat import drivers

    if os.wsl is not None or os.jetson is not None or not driver.loaded:
        return
    if driver.version is None:
        yield Unknown(subject="machine", reason="the driver's version is not known")
        return
    ends = drivers.end_of_life(driver.version.branch)
    # There is no clock here: what counts as past is what had passed when the table was read.
    if ends is not None and ends < drivers.lifecycle_source().read_on[:7]:
        yield Problem(
            subject="machine",
            message=f"driver {driver.version} is of branch {driver.version.branch}, whose support ended in {ends}",
            evidence=rows(driver.seen),
            source=drivers.lifecycle_source(),
        )
