"""Finds device nodes that this user may not open."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import cuda_runs, node_seen, refused
from cudadoctor.checks.sources import INSTALL_GUIDE
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts
from cudadoctor.facts.system import OsFacts

_EACCES = 13


@check("DEV002", severity=Severity.ERROR)
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
            yield Unknown(subject=f"file:{first.path}", reason="its mode allows everybody; what refuses is not known")
        return  # the mode allows it: something else in the container refuses
    who = "this user" if os is None or os.uid is None else f"user {os.uid}"
    yield Problem(
        subject=f"file:{first.path}",
        message=f"{who} may not open {first.path} (mode {first.mode:04o}, group {first.gid})",
        evidence=tuple(node_seen(node) for node in blocked),
        source=INSTALL_GUIDE,
        confidence=Confidence.CERTAIN if first.mode & 0o006 != 0o006 else Confidence.LIKELY,
    )
