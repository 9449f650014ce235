"""Finds container tools that are configured for another distribution's ldconfig."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Container Toolkit: troubleshooting",
    url="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html",
    read_on="2026-12-01",
)


@check(
    "CT014",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("container-ldconfig-missing",),
            message="the container tools cannot run the ldconfig that they are configured for",
            source=_PAGE,
        ),
    ),
)
def container_ldconfig_missing(symptoms: tuple[Symptom, ...]) -> Result:
    """The container tools are configured to run an ldconfig that this system does not have.

    Why:
        The toolkit runs the host's ldconfig in the container. Ubuntu has it at /sbin/ldconfig.real, other
        distributions at /sbin/ldconfig; a configuration file of the wrong one stops every container.

    How we know:
        "nvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory".

    Fix:
        In /etc/nvidia-container-runtime/config.toml set `ldconfig = "@/sbin/ldconfig"` (on Ubuntu
        `"@/sbin/ldconfig.real"`), or link it: `sudo ln -s /sbin/ldconfig /sbin/ldconfig.real`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html
    """
    yield from decided_by_messages(symptoms)
