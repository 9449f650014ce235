"""Finds GSP firmware that is not on disk."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import OPEN_MODULES
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check("DRV022", severity=Severity.ERROR)
def gsp_firmware_missing(kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The firmware that the driver loads into the GPU is not on disk in the module's version.

    Why:
        From Turing on the driver starts a processor in the GPU (GSP) with a file from /lib/firmware/nvidia/VERSION,
        where VERSION is exactly that of the kernel module. Without it the open module cannot start the GPU
        ("Direct firmware load … failed with error -2", "RmInitAdapter failed").

    How we know:
        The kernel's log: "Direct firmware load for nvidia/VERSION/gsp_ga10x.bin failed with error -2" (or
        gsp_tu10x.bin), followed by "RmInitAdapter failed", and nvidia-smi does not list that GPU.

    Fix:
        Install the firmware of the module's version: Ubuntu `nvidia-firmware-BRANCH`, Debian `firmware-nvidia-gsp`,
        Fedora and RHEL-like a part of the driver's packages (`nvidia-kmod-common`); module and other packages must be
        of one version. If the module is loaded in the early boot, rebuild the initramfs, then reboot.

    Harmless when:
        The GPU works all the same (the proprietary module then does without): this check is silent.

    Sources:
        https://github.com/NVIDIA/open-gpu-kernel-modules
    """
    for event, _ in last_by_gpu(events(kernel, "gsp-firmware-missing")):
        if answers(event.bus_id, kernel, smi):
            continue
        first = next(one for one in events(kernel, "gsp-firmware-missing") if one.bus_id == event.bus_id)
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="the GPU's firmware (GSP) in the version of the kernel module is not on disk, "
            "and the driver cannot start the GPU",
            evidence=seen_of(first, event),
            source=OPEN_MODULES,
        )
