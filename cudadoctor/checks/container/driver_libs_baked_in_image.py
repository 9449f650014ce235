"""Finds images that carry driver libraries of their own."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import CONTAINER_TOOLKIT
from cudadoctor.checks.shared.machine import cuda_runs, library_version, own_pci, rows, seen, smi_lists, smi_seen
from cudadoctor.checks.shared.messages import every, installed, speaks_of_container
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_PACKAGES = ("libnvidia-compute-*", "nvidia-utils-*", "nvidia-driver-*", "libcuda1", "cuda-drivers*", "nvidia-driver*")


@check(
    "CT010",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("driver-file-already-in-image",),
            message="the image contains a file of the driver ({file}), which the host's driver has to be mounted over",
            source=CONTAINER_TOOLKIT,
        ),
    ),
)
def driver_libs_baked_in_image(  # noqa: PLR0917  facts, passed by name
    os: OsFacts,
    runtime: RuntimeFacts,
    driver: DriverFacts,
    libcuda: LibcudaFacts | None,
    smi: SmiFacts | None,
    distro: DistroFacts | None,
) -> Result:
    """The image contains driver libraries of its own, of another version than the host's driver.

    Why:
        libcuda and libnvidia-ml must be of the very version of the host's kernel module; the NVIDIA runtime mounts
        them into the container. An image in which `cuda`, `cuda-drivers`, `nvidia-driver-…`, `nvidia-utils-…` or
        `libnvidia-compute-…` was installed has its own: those are found first or stand beside, and CUDA answers 803
        or 999, or nvidia-smi cannot communicate.

    How we know:
        In a container that does not reach the GPU, a libcuda.so.VERSION that is a file of the image, not mounted, is of
        another version than the host's module (/proc/driver/nvidia/version). In a text: a Dockerfile that installs
        nvidia-driver-…, nvidia-utils-…, libnvidia-compute-… or cuda-drivers beside "Driver/library version mismatch" or
        error 803; or nvidia-smi in a container that "couldn't communicate with the NVIDIA driver".

    Fix:
        Build the image without driver packages: `cuda-toolkit-12-8` (or what you need of it) in place of `cuda`,
        `cuda-12-8` or `cuda-drivers`, and `--no-install-recommends`. In an existing image: `apt-get purge
        '^libnvidia-compute-.*' '^nvidia-utils-.*' '^nvidia-driver-.*' '^cuda-drivers.*'` as a layer, then start it
        with `--gpus all`.

    Harmless when:
        The versions agree, or CUDA works: then this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    if os.container is None or os.jetson is not None or cuda_runs(libcuda) or smi_lists(smi):
        return
    if driver.version is None or not driver.loaded:
        return
    others = [path for path in runtime.driver_files if library_version(path) not in (None, driver.version)]
    if not others:
        return
    packages = installed(distro, *_PACKAGES)
    yield Problem(
        subject=str(File(others[0])),
        message=f"{others[0]} belongs to the image, and the driver of the host is {driver.version}",
        evidence=rows(
            seen(others[0], "in the image, not mounted"),
            driver.seen,
            seen(f"package {packages[0].name}", packages[0].version) if packages else None,
        ),
        source=CONTAINER_TOOLKIT,
    )


@also(driver_libs_baked_in_image)
def by_tool(os: OsFacts, smi: SmiFacts, pci: PciFacts | None, driver: DriverFacts | None) -> Result:
    """nvidia-smi in a container reaches no driver: one that the runtime mounts comes with a loaded driver."""
    if os.container is None or os.wsl is not None or os.jetson is not None or smi.outcome != "failed":
        return
    if driver is not None and (driver.loaded or driver.module_files):
        return
    if "couldn't communicate with the NVIDIA driver" not in (smi.message or ""):
        return
    yield Problem(
        subject="machine",
        message="nvidia-smi is in this container and reaches no driver: the image brings driver files of its own",
        evidence=rows(smi_seen(smi)),
        source=CONTAINER_TOOLKIT,
        severity=Severity.INFO if pci is not None and not own_pci(pci) else None,
        confidence=Confidence.LIKELY,
    )


@also(driver_libs_baked_in_image)
def from_messages(symptoms: tuple[Symptom, ...], driver: DriverFacts | None) -> Result:
    """The same in a text that shows a shell in a container."""
    prompt = every(symptoms, "container-prompt")
    lost = every(symptoms, "smi-no-driver")
    if not prompt or not lost or (driver is not None and driver.loaded):
        return
    yield Problem(
        subject="machine",
        message="nvidia-smi is in this container and reaches no driver: the image brings driver files of its own",
        evidence=(prompt[0].seen, lost[0].seen),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )


@also(driver_libs_baked_in_image)
def by_dockerfile(symptoms: tuple[Symptom, ...], os: OsFacts | None, runtime: RuntimeFacts | None) -> Result:
    """A Dockerfile that installs the driver, and a library that does not fit the host's module."""
    recipe = every(symptoms, "image-installs-driver")
    mismatch = every(symptoms, "nvml-version-mismatch", "cuda-error-803")
    if not recipe or not mismatch or (os is not None and os.wsl is not None):
        return
    if not speaks_of_container(os, runtime, symptoms):
        return
    yield Problem(
        subject="machine",
        message=f"the image installs {recipe[0].values.get('package', 'a driver')}, whose libraries do not fit the "
        "driver of the host",
        evidence=(recipe[0].seen, mismatch[0].seen),
        source=CONTAINER_TOOLKIT,
        confidence=Confidence.LIKELY,
    )
