"""Says that the driver was upgraded without anybody asking for it."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import APT_HISTORY
from cudadoctor.checks.shared.machine import bare, rows, seen
from cudadoctor.checks.shared.messages import installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.system import OsFacts

_LIBRARY = re.compile(r"libnvidia-compute-\d{3}|libcuda1\Z")


@check("OS004", severity=Severity.INFO)
def driver_auto_upgrade(os: OsFacts, distro: DistroFacts) -> Result:
    """Unattended upgrades replace the driver while the machine runs.

    Why:
        On Ubuntu unattended-upgrades installs security updates every day, and the driver's packages are among them.
        Its libraries are replaced at once, the module in the kernel stays the old one until the next boot: from then
        on new programs get `Driver/library version mismatch`, in the middle of whatever runs.

    How we know:
        apt's own history (/var/log/apt/history.log) has an upgrade of libnvidia-compute-… by unattended-upgrade, and
        the package is neither held nor in its blacklist.

    Fix:
        Keep the driver out of the unattended upgrades. On a machine that is to run for long: `sudo apt-mark hold` with
        the driver's packages, or in /etc/apt/apt.conf.d/50unattended-upgrades the lines
        `Unattended-Upgrade::Package-Blacklist { "nvidia-"; "libnvidia-"; "linux-modules-nvidia-"; };`, and upgrade the
        driver together with a reboot that you plan.

        Hold the kernel's packages along with it where the module comes from linux-modules-nvidia.

    Harmless when:
        The machine is booted every day, or the mismatch never meets anybody.

    Sources:
        https://ubuntu.com/server/docs/how-to/software/automatic-updates/
    """
    if not bare(os) or distro.unattended is False:
        return
    kept = any("nvidia" in pattern for pattern in distro.blacklist)
    done = [one for one in distro.changes if one.unattended and one.action == "upgrade" and _LIBRARY.match(one.package)]
    if not done or kept or any(one.held for one in installed(distro, done[-1].package)):
        return
    last = done[-1]
    yield Problem(
        subject="machine",
        message=f"unattended upgrades replaced the driver on {last.date[:10]}: {last.before} became {last.after}",
        evidence=rows(seen("/var/log/apt/history.log", f"{last.date} {last.package}")),
        source=APT_HISTORY,
    )
