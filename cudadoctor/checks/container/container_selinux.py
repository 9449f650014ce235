"""Finds containers whose GPU nodes are refused though their mode allows them."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CONTAINER_TOOLKIT
from cudadoctor.checks.shared.machine import cuda_runs, node_seen, refused
from cudadoctor.checks.shared.messages import container_starts, every, speaks_of_container
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_EACCES = 13
_SELINUX_HOMES = ("rhel", "fedora", "centos", "rocky", "almalinux")
_APPARMOR_HOMES = {"ubuntu", "debian"}


@check("CT006", severity=Severity.ERROR)
def container_selinux(os: OsFacts, nodes: tuple[DeviceNode, ...], libcuda: LibcudaFacts | None) -> Result:
    """The container's security label keeps it from the GPU's nodes.

    Why:
        The nodes' mode allows everybody, and opening them gives EACCES: a mandatory access control of the host
        refuses. On hosts of the RHEL family this is SELinux, for containers without a fitting label.

    How we know:
        In a container, opening the nodes gives errno 13 (EACCES) although their mode is 0666. In a text: "Failed to
        initialize NVML: Insufficient Permissions" in a container, or the audit log's "avc: denied" with an nvidia
        device. Likely on hosts of the RHEL family, elsewhere possible; nothing is said of Ubuntu and Debian, which use
        AppArmor, nor where the container was started without a label.

    Fix:
        Start the container with `--security-opt label=disable`, or allow containers to use devices on the host
        (`setsebool -P container_use_devices on`).

    Harmless when:
        CUDA works: then this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    if os.container is None or cuda_runs(libcuda):
        return
    blocked = refused(nodes, _EACCES)
    if not blocked or blocked[0].mode & 0o006 != 0o006:
        return
    family = {os.id, *os.id_like}
    yield Problem(
        subject=str(File(blocked[0].path)),
        message=f"{blocked[0].path} has mode {blocked[0].mode:04o} and cannot be opened: the host's SELinux refuses",
        evidence=tuple(node_seen(node) for node in blocked),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY if family & set(_SELINUX_HOMES) else Confidence.POSSIBLE,
    )


@also(container_selinux)
def from_messages(
    symptoms: tuple[Symptom, ...],
    os: OsFacts | None,
    runtime: RuntimeFacts | None,
    nodes: tuple[DeviceNode, ...] | None,
) -> Result:
    """NVML's "Insufficient Permissions" inside a container whose user is root as a rule, or SELinux's own words."""
    denied = every(symptoms, "selinux-denied-nvidia")
    refusals = every(symptoms, "nvml-insufficient-permissions")
    if nodes or not (denied or (refusals and speaks_of_container(os, runtime, symptoms))):
        return
    if nodes is None and os is not None and os.uid is not None:
        yield Unknown(subject="machine", reason="the GPU's nodes were not looked at")
        return
    family = set() if os is None else {os.id, *os.id_like}
    if not denied and (every(symptoms, "selinux-off") or _without_label(runtime) or family & _APPARMOR_HOMES):
        return
    yield Problem(
        subject="file:/dev/nvidiactl",
        message="the container may not open the GPU's nodes: the host's SELinux refuses",
        evidence=tuple(one.seen for one in (*denied, *refusals)),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY if denied or family & set(_SELINUX_HOMES) else Confidence.POSSIBLE,
    )


def _without_label(runtime: RuntimeFacts | None) -> bool:
    """Some container of the text is started so that SELinux does not confine it."""
    return any(
        one.privileged or any("label" in option and "disable" in option for option in one.security_opts)
        for one in container_starts(runtime)
    )
