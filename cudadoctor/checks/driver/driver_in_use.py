"""Finds drivers that cannot be replaced because programs use them."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Driver Installation Guide",
    url="https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/",
    read_on="2026-12-01",
)


@check(
    "DRV027",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("driver-in-use", "driver-container-cannot-unload"),
            message="the loaded NVIDIA driver is in use, so it cannot be replaced",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def driver_in_use(symptoms: tuple[Symptom, ...]) -> Result:
    """The loaded driver cannot be replaced or unloaded: programs use it.

    Why:
        A kernel module that is in use cannot be removed. An X server, nvidia-persistenced, a container or a CUDA
        program keeps NVIDIA's modules in use, so an installer or a driver container cannot load another version.

    How we know:
        The installer's "An NVIDIA kernel module … appears to already be loaded in your kernel", modprobe's "Module
        nvidia is in use" or the driver container's "Could not unload NVIDIA driver kernel modules, driver is in use".

    Fix:
        End what uses it: `sudo systemctl isolate multi-user.target`, `sudo systemctl stop nvidia-persistenced`, then
        see what is left with `sudo lsof /dev/nvidia*`. Install again, or reboot into the new driver.

        In Kubernetes: drain the node before the driver is replaced.

    Harmless when:
        The loaded version is the one that you want.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    yield from decided_by_messages(symptoms)
