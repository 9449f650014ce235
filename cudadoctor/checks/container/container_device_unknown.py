"""Finds containers that ask for a GPU which the host does not have."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Container Toolkit: specialized configurations with Docker",
    url="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    read_on="2026-12-01",
)


@check(
    "CT011",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("container-device-not-there",),
            message="the container asks for GPU {device}, which the host does not have",
            source=_PAGE,
        ),
    ),
)
def container_device_unknown(symptoms: tuple[Symptom, ...]) -> Result:
    """A container asks for a GPU that the host does not have.

    Why:
        `--gpus device=…`, NVIDIA_VISIBLE_DEVICES and compose's `device_ids` take indices and UUIDs of the host. One
        that the host does not list stops the container.

    How we know:
        "nvidia-container-cli: device error: …: unknown device".

    Fix:
        List the host's GPUs with `nvidia-smi -L` and name one of them: `docker run --gpus '"device=0"' …`, or `--gpus
        all`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    yield from decided_by_messages(symptoms)
