"""Finds containers whose device cgroup no longer allows the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CONTAINER_LOST_GPU
from cudadoctor.checks.shared.machine import cuda_runs, node_seen, refused, rows, smi_lists, smi_seen
from cudadoctor.checks.shared.messages import every, first_command_is_smi, speaks_of_container
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts, SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_EPERM = 1


@check("CT004", severity=Severity.ERROR)
def container_cgroup_lost_devices(
    os: OsFacts, nodes: tuple[DeviceNode, ...], libcuda: LibcudaFacts | None, smi: SmiFacts | None
) -> Result:
    """The container's device cgroup no longer allows the GPU's nodes.

    Why:
        Opening the nodes gives EPERM though their mode allows it: the device cgroup refuses. As a rule the container
        had access at its start, and a `systemctl daemon-reload` on the host (or a kubelet with static CPU policy)
        wrote the cgroup anew without the NVIDIA devices.

    How we know:
        In a container, opening /dev/nvidiactl, /dev/nvidia-uvm or all of /dev/nvidiaN gives errno 1 (EPERM) although
        their mode allows it. In a text: "Failed to initialize NVML: Unknown Error" in a container that had worked
        before. From the very first command on it is `container-no-cgroups-setting`.

    Fix:
        Start the container anew (`docker restart`, or recreate the pod). So that it does not come back, on the host:
        hand the GPU over by CDI (`sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`, then `--device
        nvidia.com/gpu=all`); or make the links that systemd looks for: `sudo nvidia-ctk system create-dev-char-symlinks
        --create-all`; or set `"exec-opts": ["native.cgroupdriver=cgroupfs"]` in /etc/docker/daemon.json and restart
        docker.

    Harmless when:
        The nodes were bind-mounted without a device rule on purpose; or CUDA works: then this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html
    """
    if os.container is None or cuda_runs(libcuda):
        return
    if nodes and all(node.errno is None for node in nodes) and libcuda is None:
        yield Unknown(subject="machine", reason="opening the device nodes was not tried")
        return
    blocked = refused(nodes, _EPERM)
    if not blocked:
        return
    yield Problem(
        subject=str(File(blocked[0].path)),
        message=f"opening {blocked[0].path} gives EPERM: the device cgroup of this container does not allow it",
        evidence=rows(
            *(node_seen(node) for node in blocked), smi_seen(smi) if smi is not None and smi.message else None
        ),
        source=CONTAINER_LOST_GPU,
        confidence=Confidence.LIKELY,
    )


@also(container_cgroup_lost_devices)
def from_messages(
    symptoms: tuple[Symptom, ...],
    os: OsFacts | None,
    runtime: RuntimeFacts | None,
    nodes: tuple[DeviceNode, ...] | None,
    smi: SmiFacts | None,
) -> Result:
    """NVML's "Unknown Error" inside a container, or EPERM on the nodes."""
    refusals = every(symptoms, "nvidia-node-eperm")
    unknown = every(symptoms, "nvml-unknown-error")
    if not refusals and not unknown:
        return
    if nodes is None and os is not None and os.uid is not None:
        yield Unknown(subject="machine", reason="the GPU's nodes were not looked at")
        return
    if every(symptoms, "no-cgroups-true") or (runtime is not None and runtime.no_cgroups):
        return
    # What was really opened on this machine decides before any message.
    if nodes and (not refused(nodes, _EPERM) or os is None or os.container is None):
        return
    if os is not None and os.container is None and nodes is not None:
        return
    # Where the very first command of a new container fails, it had no access that could be lost.
    worked = every(symptoms, "smi-answered", "systemd-reloaded")
    if first_command_is_smi(runtime) and not worked and not smi_lists(smi):
        return
    reloaded = every(symptoms, "systemd-reloaded")
    if not refusals and not reloaded and not speaks_of_container(os, runtime, symptoms):
        return
    yield Problem(
        subject="file:/dev/nvidiactl",
        message="NVML cannot open the GPU's nodes: the device cgroup of this container does not allow them any more",
        evidence=tuple(one.seen for one in (*refusals, *unknown, *reloaded)),
        source=CONTAINER_LOST_GPU,
        confidence=Confidence.LIKELY,
    )
