"""Finds containers that were started without the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CONTAINER_TOOLKIT
from cudadoctor.checks.shared.context import reaches_no_gpu
from cudadoctor.checks.shared.machine import (
    active,
    computes_on_cpu,
    cuda_runs,
    has_node,
    own_pci,
    rows,
    seen,
    smi_lists,
    switched_off,
)
from cudadoctor.checks.shared.messages import container_starts, every, torch_of
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.runtime import ContainerStart, RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_HPC = ("apptainer", "singularity")


@check(
    "CT001",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("tegra-device-missing",),
            message="Tegra's GPU devices are not in the container",
            source=CONTAINER_TOOLKIT,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def container_without_gpu_access(  # noqa: PLR0917  facts, passed by name
    os: OsFacts,
    nodes: tuple[DeviceNode, ...] | None,
    pci: PciFacts | None,
    driver: DriverFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """The container was started without access to the host's GPU.

    Why:
        A container gets the device nodes and the driver's libraries from the NVIDIA runtime, and only if it is asked
        for: --gpus, a device request, a resource limit. Without that the GPU shows on the PCI bus and cannot be used.

    How we know:
        In a container the host has an NVIDIA GPU (PCI bus, or a loaded module), and there is no /dev/nvidiactl and no
        driver library. In a text: a `docker run` without `--gpus` beside "Found no NVIDIA driver on your system", "no
        CUDA-capable device is detected" or "nvidia-smi: command not found"; or the image's own "WARNING: The NVIDIA
        Driver was not detected. GPU functionality will not be available"; apptainer or singularity without `--nv`; a
        pod in which nvidia-smi finds nothing while its node lists GPUs.

    Fix:
        Start the container again with GPU access: `docker run --gpus all`, podman `--device nvidia.com/gpu=all`,
        apptainer `--nv`, Kubernetes the limit `nvidia.com/gpu: 1`, compose `deploy.resources.reservations.devices` with
        `capabilities: [gpu]`. The host needs the NVIDIA driver and the NVIDIA Container Toolkit
        (`container-toolkit-missing`); the image needs neither driver nor toolkit. A running container cannot be given a
        GPU afterwards.

    Harmless when:
        The container is meant to have no GPU: with NVIDIA_VISIBLE_DEVICES set to void or none, or with a CPU build of
        torch in an image that does not speak of GPUs, it is information.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    if os.container is None or os.wsl is not None or os.jetson is not None:
        return
    if cuda_runs(libcuda) or smi_lists(smi):
        return
    host_has_gpu = bool(own_pci(pci)) or bool(driver is not None and driver.loaded and pci is None)
    if not host_has_gpu or (driver is not None and driver.loaded is False):
        return
    if nodes is None:
        yield Unknown(subject="machine", reason="the device nodes of this container could not be looked at")
        return
    no_library = libcuda is None or libcuda.outcome == "missing"
    no_tool = smi is not None and smi.outcome == "missing"
    ask = "--nv" if os.container in _HPC else "GPU access (--gpus)"
    if has_node(nodes, "/dev/nvidiactl"):
        # Its nodes are there and nothing of the driver is: the runtime that mounts the libraries was not used.
        if not (no_library and no_tool and libcuda is not None) or os.nvidia_driver_capabilities:
            return
        message = (
            f"this {os.container} container has device nodes and nothing of the driver: it was started without {ask}"
        )
    else:
        message = f"the host has an NVIDIA GPU, and this {os.container} container was started without {ask}"
    on_purpose = switched_off(os) or computes_on_cpu(os, active(envs or ()))
    yield Problem(
        subject="machine",
        message=message,
        evidence=rows(
            seen("/dev/nvidia*", ", ".join(node.path for node in nodes) or "none"),
            pci.seen if pci is not None else None,
            seen("NVIDIA_VISIBLE_DEVICES", os.nvidia_visible_devices) if os.nvidia_visible_devices else None,
        ),
        source=CONTAINER_TOOLKIT,
        severity=Severity.INFO if on_purpose else None,
        confidence=Confidence.CERTAIN if own_pci(pci) and not nodes else Confidence.LIKELY,
    )


_NO_DRIVER = (
    "no-nvidia-driver",
    "image-found-no-driver",
    "cuda-error-100",
    "nvidia-smi-not-found",
    "libcuda-not-found",
)


_COMPUTING = ("torch", "cuda", "nvidia", "python")


def _computes(start: ContainerStart) -> bool:
    """Its image or its command is for computing: torch's answer may be of another container's host, else."""
    words = " ".join((start.image or "", *start.command)).lower()
    return any(word in words for word in _COMPUTING)


@also(container_without_gpu_access)
def from_messages(
    symptoms: tuple[Symptom, ...],
    runtime: RuntimeFacts | None,
    smi: SmiFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """A command line without the GPU, and a program that finds no driver; or NVIDIA's image says so itself."""
    started = container_starts(runtime)
    absent = [one.seen for one in every(symptoms, *_NO_DRIVER)]
    torch = torch_of(envs)
    if torch is not None and torch.live.is_available is False and torch.build != "cpu" and any(map(_computes, started)):
        absent.append(torch.seen)
    with_gpu = [one for one in started if one.asks_for_gpu or one.privileged]
    if with_gpu or every(symptoms, "nvml-library-not-found", "no-gpu-device-driver"):
        return
    by_image = every(symptoms, "image-found-no-driver")
    # A program linked against libcuda does not start without it; in a container it is the runtime that brings it.
    inside = every(symptoms, "libcuda-not-found") and every(symptoms, "container-prompt", "container-named")
    if not absent or not (started or by_image or inside):
        return
    # nvidia-smi that is there and fails speaks of the host's driver.
    if smi is not None and smi.outcome == "failed":
        return
    yield Problem(
        subject="machine",
        message="the container was started without access to the host's GPU (docker: `--gpus all`)",
        evidence=(*(one.seen for one in started[:3]), *absent),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )


@also(container_without_gpu_access)
def capability_without_runtime(symptoms: tuple[Symptom, ...], runtime: RuntimeFacts | None) -> Result:
    """The variable asks for the video library, and it is not there: no NVIDIA runtime read the variable."""
    missing = every(symptoms, "video-library-missing")
    asked = [one for one in every(symptoms, "driver-capabilities-asked") if "video" in one.values.get("value", "")]
    if not missing or not asked or any(one.asks_for_gpu for one in container_starts(runtime)):
        return
    yield Problem(
        subject="machine",
        message="NVIDIA_DRIVER_CAPABILITIES names `video` and its library is missing: the variable alone does nothing, "
        "the container was started without the NVIDIA runtime",
        evidence=tuple(one.seen for one in (*asked, *missing)),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )


@also(container_without_gpu_access)
def by_context(
    context: ContextFacts,
    symptoms: tuple[Symptom, ...] | None,
    smi: SmiFacts | None,
    envs: tuple[EnvFacts, ...] | None,
    os: OsFacts | None,
) -> Result:
    """A container without `--nv`, or a pod beside a node that lists GPUs, and a program in it that reaches none."""
    if (os is not None and os.uid is not None) or context.container is None or (smi is not None and smi.gpus):
        return
    hpc = context.container == "apptainer" and context.container_gpu is False
    pod = context.container_gpu is not True and context.gpus_elsewhere == "host" and context.container != "apptainer"
    none = list(reaches_no_gpu(symptoms, smi, envs))
    # Without the host's libraries a program meets the stub or nothing: error 35 says so as well as 100.
    none += [one.seen for one in every(symptoms, "cuda-error-35", "nvidia-smi-not-found", "libcuda-not-found") if hpc]
    if not (hpc or pod) or not none:
        return
    ask = "`--nv`" if hpc else "a GPU of its own (Kubernetes: the limit `nvidia.com/gpu: 1`; docker: `--gpus all`)"
    yield Problem(
        subject="machine",
        message=f"the container was started without {ask}, so it has neither the driver's libraries nor its devices",
        evidence=rows(context.container_seen, *none, context.elsewhere_seen),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )
