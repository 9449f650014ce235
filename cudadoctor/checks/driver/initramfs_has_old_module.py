"""Finds an old kernel module that the early boot loads before the one on disk."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.driver_versions import Verdict, compare, from_messages
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("DRV061", severity=Severity.ERROR)
def initramfs_has_old_module(  # noqa: PLR0917  facts, passed by name
    driver: DriverFacts,
    kernel: KernelFacts,
    os: OsFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    context: ContextFacts | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """The initramfs holds an old NVIDIA module, which is loaded at every start.

    Why:
        The initramfs has a copy of the modules for the early boot. Where it was not rebuilt after the driver's upgrade,
        it loads the old module before the new one on disk can be reached, and every reboot does so again.

    How we know:
        The module on disk (`modinfo nvidia`) has the version of the libraries, another one is loaded
        (/sys/module/nvidia/version), and the machine was rebooted since the upgrade.

    Fix:
        Rebuild the initramfs of the running kernel: Ubuntu, Debian `sudo update-initramfs -u`, Fedora, RHEL-like, SUSE
        `sudo dracut -f`, Arch `sudo mkinitcpio -P`. Then reboot.

    Harmless when:
        nvidia-smi and CUDA both work: then this check is silent.

    Sources:
        https://wiki.debian.org/initramfs
    """
    by_files = compare(driver, os, smi, libcuda, kernel, context) if os is not None else Verdict(kind="agree")
    verdicts = (by_files, from_messages(symptoms, kernel, smi, driver, os, context))
    verdict = next((one for one in verdicts if one.kind == "old-initramfs"), None)
    if verdict is not None:
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )
