"""Finds containers that got the GPU and not the compute libraries."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import clean, has_node, rows, seen, smi_lists
from cudadoctor.checks.sources import CONTAINER_TOOLKIT
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts, SmiFacts
from cudadoctor.facts.system import OsFacts


@check("CT005", severity=Severity.ERROR)
def container_driver_capabilities_missing(
    os: OsFacts, libcuda: LibcudaFacts, nodes: tuple[DeviceNode, ...] | None, smi: SmiFacts | None
) -> Result:
    """The container got the GPU without the `compute` capability, so libcuda is not there.

    Why:
        NVIDIA_DRIVER_CAPABILITIES decides which libraries of the driver are mounted into a container. With `utility`
        only, nvidia-smi works and no CUDA program does. Where the variable is not set, some runtimes give utility
        alone.

    Fix:
        Start the container again with NVIDIA_DRIVER_CAPABILITIES set to `compute,utility` (in the image or with -e).

    Harmless when:
        The container only watches the GPU with nvidia-smi.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    if os.container is None or os.wsl is not None or os.jetson is not None or libcuda.outcome != "missing":
        return
    if not smi_lists(smi) and not has_node(nodes or (), "/dev/nvidiactl"):
        return
    granted = [word for word in (os.nvidia_driver_capabilities or "").replace(" ", "").split(",") if word]
    if "compute" in granted or "all" in granted or (not granted and not smi_lists(smi)):
        return
    shown = (
        f"NVIDIA_DRIVER_CAPABILITIES is `{clean(os.nvidia_driver_capabilities, 80)}`"
        if granted
        else ("NVIDIA_DRIVER_CAPABILITIES is not set")
    )
    yield Problem(
        subject="var:NVIDIA_DRIVER_CAPABILITIES",
        message=f"{shown}, so libcuda was not mounted into this container",
        evidence=rows(seen("NVIDIA_DRIVER_CAPABILITIES", os.nvidia_driver_capabilities or "not set"), libcuda.seen),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.CERTAIN if granted else Confidence.LIKELY,
    )
