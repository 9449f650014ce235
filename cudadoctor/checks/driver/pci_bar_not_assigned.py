"""Finds a GPU that the firmware gave no usable memory region."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import COMMON_PROBLEMS
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check(
    "HW004",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-bar-invalid",),
            message="the firmware or the hypervisor gave the GPU no usable PCI memory region",
            source=COMMON_PROBLEMS,
            beside=("nvidia-driver-named", "nvrm-bar-invalid"),
        ),
    ),
)
def pci_bar_not_assigned(kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The machine's firmware, or the hypervisor, gave the GPU no usable PCI memory region.

    Why:
        The driver reaches a GPU through memory regions (BARs) that the firmware assigns at the start. Those of a GPU
        with much memory are large; a firmware without "Above 4G decoding", a small virtual machine or a board with
        little address space leaves one unassigned: "This PCI I/O region assigned to your NVIDIA device is invalid",
        "BAR1 is 0M @ 0x0".

    How we know:
        The kernel's log: "NVRM: This PCI I/O region assigned to your NVIDIA device is invalid: NVRM: BAR1 is 0M @ 0x0
        (PCI:…)", "can't assign; no space" for the GPU, or "The system BIOS may have misconfigured your graphics
        device", and the GPU does not answer now.

    Fix:
        In the firmware's setup: switch "Above 4G decoding" (and Resizable BAR) on, CSM off, and install its newest
        version. In a virtual machine: UEFI (OVMF) and a larger 64-bit MMIO window. As a trial the kernel parameter
        `pci=realloc`. On small ARM boards the address space may not be enough for the GPU at all.

    Harmless when:
        The GPU works now: then this check is silent.

    Sources:
        https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-pci.c
    """
    found = events(kernel, "bar-not-assigned")
    for event, _ in last_by_gpu(found):
        if answers(event.bus_id, kernel, smi):
            continue
        same = [one for one in found if one.bus_id == event.bus_id]
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="the GPU has no usable PCI memory region: the firmware or the hypervisor did not assign one",
            evidence=seen_of(*same),
            source=COMMON_PROBLEMS,
        )
