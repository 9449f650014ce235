"""Finds user-space libraries that do not belong to the loaded module, in a way that no reboot cures."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.driver_versions import compare, from_messages
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("DRV010", severity=Severity.ERROR)
def driver_library_mixed_install(  # noqa: PLR0917  facts, passed by name
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    kernel: KernelFacts | None,
    context: ContextFacts | None,
) -> Result:
    """The driver's libraries are older than the loaded module, or of several versions: two installations are mixed.

    Why:
        An upgrade without a reboot leaves libraries that are newer than the module. Older ones, or libraries of two
        versions, come from a second source: a .run installer beside packages, a stale copy, another image. A reboot
        does not help.

    How we know:
        The version in /proc/driver/nvidia/version (the module) against those of libcuda.so.VERSION,
        libnvidia-ml.so.VERSION and nvidia-smi: the libraries are older than the module, or of two versions. In a text
        the same numbers from "NVML library version", dmesg's "API mismatch" or TensorFlow's "kernel reported version".
        Libraries that are newer than the module only need a reboot: `driver-library-mismatch`.

    Fix:
        Choose one source. A .run file beside packages: `sudo nvidia-uninstall` (or `sudo sh NVIDIA-Linux-….run
        --uninstall`). Ubuntu, Debian: see what there is with `dpkg -l | grep -i nvidia`, purge the packages of the
        other branch, `sudo apt-get install --reinstall` with the driver that is kept.

        RHEL-like, Fedora: `rpm -qa | grep -i nvidia`, `sudo dnf remove` the other source's, `sudo dnf reinstall` the
        rest. Then reboot. In a container: recreate it, and keep driver libraries out of the image.

    Harmless when:
        nvidia-smi and CUDA both work: then what was found is a leftover file, and this check is silent.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    verdict = compare(driver, os, smi, libcuda, kernel, context)
    if verdict.kind == "mixed":
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )


@also(driver_library_mixed_install, any_of=("symptoms", "kernel", "smi"))
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
    if verdict.kind == "mixed":
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )
