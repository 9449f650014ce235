"""Says that the driver was installed from two places."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.machine import bare, seen
from cudadoctor.checks.shared.messages import installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.system import OsFacts

_BRANCH = re.compile(r"libnvidia-compute-(\d{3})(?:-server)?\Z")
_PACKAGES = ("libnvidia-compute-*", "libcuda1", "nvidia-driver-cuda-libs", "xorg-x11-drv-nvidia-cuda-libs")


@check(
    "DRV014",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("installer-other-installation",),
            message="the driver is already installed in another way than the one tried now",
            source=DRIVER_INSTALL,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def several_driver_origins(os: OsFacts, distro: DistroFacts) -> Result:
    """The driver was installed from two places: NVIDIA's .run file and packages, or packages of two branches.

    Why:
        Both put libcuda.so.1 and libnvidia-ml.so.1 at the same place, and whichever was installed last wins. It works
        until one of them is upgraded: then library and module differ, and no reboot cures it. On Ubuntu even
        `nvidia-cuda-toolkit` brings `libnvidia-compute-…`, beside a driver from a .run file.

    How we know:
        /usr/bin/nvidia-uninstall of the .run file is there beside a package with libcuda (libnvidia-compute-…,
        libcuda1, nvidia-driver-cuda-libs), or dpkg has libnvidia-compute of two branches installed.

    Fix:
        Keep one source of the driver. To keep packages: `sudo nvidia-uninstall`, then `sudo apt-get install
        --reinstall` with the driver's packages, and reboot. To keep the .run file: purge the driver's packages (`sudo
        apt-get purge '^libnvidia-compute-.*' '^nvidia-driver-.*'`) and install the file again.

    Harmless when:
        Both are of the same version, or the machine is not upgraded. Where library and module already differ,
        driver-library-mixed-install says so.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if not bare(os):
        return
    packages = [one for one in installed(distro, *_PACKAGES) if one.state == "installed"]
    branches = sorted({match.group(1) for one in packages if (match := _BRANCH.match(one.name))})
    if distro.runfile is not None and packages:
        yield Problem(
            subject="machine",
            message=f"the driver comes from NVIDIA's .run file, and the package {packages[0].name} brings another",
            evidence=(
                seen(distro.runfile, "the uninstaller of the .run file"),
                seen(f"package {packages[0].name}", packages[0].version),
            ),
            source=DRIVER_INSTALL,
        )
    elif len(branches) > 1:
        yield Problem(
            subject="machine",
            message=f"driver libraries of the branches {', '.join(branches)} are installed together",
            evidence=tuple(seen(f"package {one.name}", one.version) for one in packages[:4]),
            source=DRIVER_INSTALL,
        )
