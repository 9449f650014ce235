"""Finds containers that got the GPU and not the compute libraries."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CONTAINER_TOOLKIT
from cudadoctor.checks.shared.machine import clean, has_node, rows, seen, smi_lists
from cudadoctor.checks.shared.messages import container_starts, every
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts, SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
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

    How we know:
        In a container nvidia-smi lists the GPU, libcuda.so.1 is not there, and NVIDIA_DRIVER_CAPABILITIES has neither
        `compute` nor `all`. In a text: `--gpus` in the command line beside "Found no NVIDIA driver on your system" or
        "libcuda.so.1: cannot open shared object file"; "Cannot load libnvcuvid.so.1" or "libnvidia-encode.so.1" without
        `video`.

    Fix:
        Start the container again with `-e NVIDIA_DRIVER_CAPABILITIES=compute,utility` (video and graphics as they are
        needed, or `all`), or `ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility` in the image, as NVIDIA's own images have
        it. In compose and Kubernetes: as a variable of the container.

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


@also(container_driver_capabilities_missing)
def from_messages(symptoms: tuple[Symptom, ...], runtime: RuntimeFacts, os: OsFacts | None) -> Result:
    """A container that was started with the GPU, and a program in it that does not find the driver's library."""
    absent = every(symptoms, "no-nvidia-driver", "libcuda-not-found")
    started = [one for one in container_starts(runtime) if one.asks_for_gpu]
    # Under WSL the libraries come from Windows, whatever the capabilities.
    if not absent or not started or (os is not None and os.wsl is not None) or every(symptoms, "wsl-named"):
        return
    asked = [one.env["NVIDIA_DRIVER_CAPABILITIES"] for one in started if "NVIDIA_DRIVER_CAPABILITIES" in one.env]
    words = {word for value in asked for word in value.split(",")}
    # The variable may stand elsewhere in the text (an image, a pod): then nothing is known of this container's value.
    elsewhere = bool(every(symptoms, "driver-capabilities-asked")) and not asked
    if words & {"compute", "all"} or elsewhere or every(symptoms, "nvml-library-not-found"):
        return
    value = f"is `{clean(asked[0], 80)}`" if asked else "is not set"
    shown = f"NVIDIA_DRIVER_CAPABILITIES {value}"
    yield Problem(
        subject="var:NVIDIA_DRIVER_CAPABILITIES",
        message=f"{shown}, so libcuda was not mounted into this container",
        evidence=(*(one.seen for one in started), *(one.seen for one in absent)),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.CERTAIN if asked else Confidence.LIKELY,
    )


@also(container_driver_capabilities_missing)
def video_library(symptoms: tuple[Symptom, ...], os: OsFacts | None, runtime: RuntimeFacts | None) -> Result:
    """A container that asked for some of the driver's libraries, and whose video library is missing."""
    missing = every(symptoms, "video-library-missing")
    asked = every(symptoms, "driver-capabilities-asked")
    started = [one for one in container_starts(runtime) if one.asks_for_gpu]
    words = {word for one in asked for word in one.values.get("value", "").split(",")}
    inside = (os is not None and os.container is not None) or bool(started)
    if not missing or not (asked or inside) or words & {"video", "all"}:
        return
    yield Problem(
        subject="var:NVIDIA_DRIVER_CAPABILITIES",
        message="NVIDIA_DRIVER_CAPABILITIES does not name `video`, so the video libraries were not mounted",
        evidence=tuple(one.seen for one in (*missing, *asked)),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )
