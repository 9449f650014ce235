"""Finds engines that may not set device rules."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Container Toolkit: rootless mode",
    url="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html",
    read_on="2026-12-01",
)


@check(
    "CT013",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("cgroup-rules-not-permitted",),
            message="the container engine may not set device rules, so the container gets no GPU",
            source=_PAGE,
        ),
    ),
)
def container_device_rules_refused(symptoms: tuple[Symptom, ...]) -> Result:
    """The container engine may not set device rules: it runs without root, or inside another container.

    Why:
        In its legacy mode the toolkit adds the GPU's devices to the container's cgroup. A rootless engine, and docker
        inside an LXC container, may not do that.

    How we know:
        "failed to add device rules: … bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted".

    Fix:
        Let the tool leave cgroups alone: `sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place`,
        then restart the engine. Or use CDI: `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` and
        `--device nvidia.com/gpu=all`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html#rootless-mode
    """
    yield from decided_by_messages(symptoms)
