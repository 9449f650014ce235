"""Finds a kernel module on disk that is of another version than the driver's libraries."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.driver_versions import Verdict, compare, from_messages
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("DRV060", severity=Severity.ERROR)
def kernel_module_stale(  # noqa: PLR0917  facts, passed by name
    driver: DriverFacts,
    kernel: KernelFacts,
    os: OsFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    context: ContextFacts | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """The kernel module on disk is of another version than the driver's libraries.

    Why:
        Libraries and module must be of the same version. The libraries were upgraded and the module was not: DKMS or
        akmods did not build it, its package was held back, or an older build lies in another folder of the kernel. A
        reboot loads the same module again.

    How we know:
        `modinfo nvidia` names the version on disk, and it is not that of the libraries ("NVML library version", "the
        client has the version" in the kernel's log, libnvidia-ml.so.VERSION).

    Fix:
        See where the module lies and who built it: `modinfo -n nvidia`, `dkms status`. DKMS: `sudo dkms autoinstall`.
        akmods: `sudo akmods --force`. A package with a built module (Arch's nvidia, Ubuntu's linux-modules-nvidia-…):
        upgrade the whole system, so that kernel, module and libraries come from one state of the repository.

        Remove a second copy that wins over the new one (`find /lib/modules/$(uname -r) -name 'nvidia.ko*'`), then `sudo
        depmod -a`, rebuild the initramfs (`sudo update-initramfs -u`, `sudo dracut -f`, `sudo mkinitcpio -P`), reboot.

    Harmless when:
        nvidia-smi and CUDA both work: then this check is silent.

    Sources:
        https://github.com/dell/dkms
    """
    by_files = compare(driver, os, smi, libcuda, kernel, context) if os is not None else Verdict(kind="agree")
    verdicts = (by_files, from_messages(symptoms, kernel, smi, driver, os, context))
    verdict = next((one for one in verdicts if one.kind == "stale-module"), None)
    if verdict is not None:
        yield Problem(
            subject="machine",
            message=verdict.text,
            evidence=verdict.evidence,
            source=NVML,
            confidence=verdict.confidence,
        )
