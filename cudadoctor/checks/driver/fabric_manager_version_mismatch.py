"""Finds a fabric manager of another version than the driver."""

from __future__ import annotations

from cudadoctor.checks.driver.fabric_manager_not_running import on_switched_board
from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import FABRIC_MANAGER
from cudadoctor.checks.shared.machine import failed_with, names, rows
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.services import ServiceFacts

_SYSTEM_NOT_READY = 802


@check(
    "VIRT008",
    severity=Severity.WARNING,
    messages=(
        Says(
            kinds=("fabric-manager-version",),
            message="the fabric manager is version {manager}, and the running driver is {driver}",
            source=FABRIC_MANAGER,
            severity=Severity.ERROR,
        ),
    ),
)
def fabric_manager_version_mismatch(
    services: ServiceFacts,
    driver: DriverFacts,
    pci: PciFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The fabric manager is of another version than the driver.

    Why:
        nvidia-fabricmanager starts only where its version is exactly the driver's, to the last number; packages of one
        branch that were upgraded one without the other differ. It ends with "fabric manager NVIDIA GPU driver interface
        version … don't match with driver version …", and CUDA then gives error 802.

    How we know:
        The version of nv-fabricmanager against that of the loaded module, on a machine with NVSwitches; or its own
        words "fabric manager NVIDIA GPU driver interface version 550.90.07 don't match with driver version 550.127.05".

    Fix:
        Install the version of the running driver. Ubuntu and Debian: `apt-cache policy nvidia-fabricmanager-570` (with
        the driver's branch) lists what there is, and `sudo apt-get install` takes one with `=` and its version behind
        the name; RHEL and its like: `sudo dnf install nvidia-fabric-manager` with `-` and the version. Then `sudo
        systemctl restart nvidia-fabricmanager`.

        Hold both packages together (`apt-mark hold`) so that they are upgraded together. Where the driver was upgraded
        and the machine not restarted since: reboot.

    Harmless when:
        The machine has no NVSwitch: then the fabric manager is not needed at all. While CUDA runs it is a warning: the
        next start of the machine will fail.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/
    """
    manager = services.fabric_manager
    if manager is None or manager.version is None or driver.version is None:
        return
    switched = (pci is not None and pci.nvswitches > 0) or any(on_switched_board(name) for name in names(gpus))
    if not switched or manager.version in (driver.version, driver.library_version):
        return
    yield Problem(
        subject="machine",
        message=f"the fabric manager is version {manager.version}, and the running driver is {driver.version}",
        evidence=rows(manager.seen, driver.seen),
        source=FABRIC_MANAGER,
        severity=Severity.ERROR if failed_with(libcuda, _SYSTEM_NOT_READY) else None,
    )
