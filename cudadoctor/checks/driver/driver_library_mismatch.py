"""Finds user-space libraries that are newer than the loaded module."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.driver_versions import compare, from_messages
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("DRV002", severity=Severity.ERROR)
def driver_library_mismatch(  # noqa: PLR0917  facts, passed by name
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    kernel: KernelFacts | None,
    context: ContextFacts | None,
) -> Result:
    """The driver's libraries are newer than the kernel module that is loaded.

    Why:
        The driver was upgraded and the old module is still in the kernel: libraries and module must be of the same
        version. nvidia-smi says "Driver/library version mismatch", CUDA gives error 803.

    How we know:
        The version in /proc/driver/nvidia/version (the module) and that of libcuda.so.VERSION and
        libnvidia-ml.so.VERSION (the libraries), where the libraries are newer. In a text: "Failed to initialize NVML:
        Driver/library version mismatch", "NVML library version: 550.107", "API mismatch: the client has the version …,
        but this kernel module has the version …" in dmesg, or error 803 ("unsupported display driver / cuda driver
        combination"). Libraries that are older are `driver-library-mixed-install`.

    Fix:
        Reboot: that is all that is needed after an upgrade. Without a reboot, as root, with no program on the GPU
        (`fuser -v /dev/nvidia*`, stop the display manager and nvidia-persistenced): `modprobe -r nvidia_drm
        nvidia_modeset nvidia_uvm nvidia`, then `modprobe nvidia`.

        In a container: reboot the host, then recreate the container. If it comes back after a reboot, an old module is
        in the initramfs: `update-initramfs -u` (Ubuntu, Debian) or `dracut -f` (RHEL-like, Fedora), and reboot. On
        Ubuntu unattended-upgrades brings it about: `driver-auto-upgrade`.

    Harmless when:
        nvidia-smi and CUDA both work: then what was found is a leftover file, and this check is silent.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    verdict = compare(driver, os, smi, libcuda, kernel, context)
    if verdict.kind == "unknown":
        yield Unknown(subject="machine", reason=verdict.text)
    elif verdict.kind == "newer":
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )


@also(driver_library_mismatch, any_of=("symptoms", "kernel", "smi"))
def in_messages(  # noqa: PLR0917  facts, passed by name
    symptoms: tuple[Symptom, ...] | None,
    kernel: KernelFacts | None,
    smi: SmiFacts | None,
    driver: DriverFacts | None,
    os: OsFacts | None,
    context: ContextFacts | None,
) -> Result:
    """Messages, the kernel's log or nvidia-smi name the versions, or say that they differ."""
    verdict = from_messages(symptoms, kernel, smi, driver, os, context)
    if verdict.kind == "newer":
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )
