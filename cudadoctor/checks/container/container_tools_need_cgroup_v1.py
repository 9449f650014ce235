"""Finds NVIDIA container tools that do not know cgroup version 2."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="libnvidia-container: cgroups",
    url="https://github.com/NVIDIA/libnvidia-container/blob/main/src/cgroup_legacy.c",
    read_on="2026-12-01",
)


@check(
    "CT012",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("cgroup-devices-not-found",),
            message="the NVIDIA container tools find no device cgroup of version 1 on this system",
            source=_PAGE,
        ),
    ),
)
def container_tools_need_cgroup_v1(symptoms: tuple[Symptom, ...]) -> Result:
    """The installed NVIDIA container tools look for cgroup version 1, and this system uses version 2.

    Why:
        libnvidia-container before 1.8 adds devices through cgroup version 1. Distributions since 2021 mount version 2
        only, so the tool finds no device cgroup.

    How we know:
        "nvidia-container-cli: container error: cgroup subsystem devices not found".

    Fix:
        Update nvidia-container-toolkit and libnvidia-container from NVIDIA's repository to 1.8 or newer, then restart
        the container engine. Rootless engines: `sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups
        --in-place`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html
    """
    yield from decided_by_messages(symptoms)
