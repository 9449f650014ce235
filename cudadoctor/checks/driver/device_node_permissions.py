"""Finds device nodes that this user may not open."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import cuda_runs, node_seen, refused
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_EACCES = 13
_NEEDED = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm")


@check(
    "DEV002",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("tegra-device-refused",),
            message="Tegra's GPU devices refuse this user, who is not in their group (video, render)",
            source=INSTALL_GUIDE,
        ),
    ),
)
def device_node_permissions(nodes: tuple[DeviceNode, ...], os: OsFacts | None, libcuda: LibcudaFacts | None) -> Result:
    """The user may not open the driver's device nodes.

    Why:
        CUDA opens /dev/nvidiactl, /dev/nvidia-uvm and /dev/nvidiaN for reading and writing. NVIDIA's default is mode
        0666; a site can restrict it to a group (NVreg_DeviceFileMode, NVreg_DeviceFileGID, a udev rule).

    How we know:
        Opening /dev/nvidiactl, /dev/nvidia-uvm or every /dev/nvidiaN for reading and writing gives errno 13 (EACCES,
        "Permission denied"; nvidia-smi: "Insufficient Permissions"), and their mode does not allow this user. Errno 1
        (EPERM) is the device cgroup: a container or a batch job that was given no GPU. Mode 0666 and errno 13 in a
        container is `container-selinux`.

    Fix:
        `ls -l /dev/nvidia*` shows the group that owns them (often `video`): an administrator runs `sudo usermod -aG`
        with that group and the user's name, then log in again.

        Or set the driver's default back: `options nvidia NVreg_DeviceFileMode=0666` in a file under /etc/modprobe.d
        (remove another line for it there, or the udev rule), then reboot. On a cluster ask the batch system for a GPU
        first.

    Harmless when:
        The site keeps the GPUs for other users on purpose.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if cuda_runs(libcuda):
        return
    blocked = refused(nodes, _EACCES)
    if not blocked:
        if nodes and all(node.errno is None for node in nodes) and libcuda is None:
            yield Unknown(subject="machine", reason="opening the device nodes was not tried")
        return
    first = blocked[0]
    if first.mode & 0o006 == 0o006 and (os is None or os.container is not None):
        if os is None:
            yield Unknown(subject=str(File(first.path)), reason="its mode allows everybody; what refuses is not known")
        return  # the mode allows it: something else in the container refuses
    who = "this user" if os is None or os.uid is None else f"user {os.uid}"
    yield Problem(
        subject=str(File(first.path)),
        message=f"{who} may not open {first.path} (mode {first.mode:04o}, group {first.gid})",
        evidence=tuple(node_seen(node) for node in blocked),
        source=INSTALL_GUIDE,
        confidence=Confidence.CERTAIN if first.mode & 0o006 != 0o006 else Confidence.LIKELY,
    )


@also(device_node_permissions)
def from_a_listing(symptoms: tuple[Symptom, ...], nodes: tuple[DeviceNode, ...] | None) -> Result:
    """In a text: nodes that are not for everybody, or the option that makes them so, and somebody who is kept out."""
    refusal = first(symptoms, "works-as-root-only", "nvml-insufficient-permissions", "nvidia-device-refused")
    option = first(symptoms, "device-file-mode")
    closed = [node for node in nodes or () if node.errno is None and node.mode & 0o006 != 0o006]
    needed = [node for node in closed if node.path in _NEEDED]
    if refusal is None or not (needed or option):
        return
    where = (
        f"{needed[0].path} has mode {needed[0].mode:04o}" if needed else "the driver makes its nodes for a group only"
    )
    yield Problem(
        subject=str(File(needed[0].path)) if needed else "machine",
        message=f"{where}, and a user who is not of that group is kept out",
        evidence=(refusal.seen, *(node_seen(node) for node in needed[:2]), *((option.seen,) if option else ())),
        source=INSTALL_GUIDE,
        confidence=Confidence.LIKELY,
    )
