"""Finds an early open kernel module that refuses GPUs which are not for data centres."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import OPEN_MODULES_FLAG
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check(
    "DRV024",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-open-module-data-center-only",),
            message="this open kernel module supports data center GPUs only, unless a parameter allows others",
            source=OPEN_MODULES_FLAG,
        ),
    ),
)
def open_module_needs_enable_flag(
    kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None
) -> Result:
    """The open kernel module of branches 515 to 535 refuses this GPU unless it is told otherwise.

    Why:
        The first open modules were meant for data-centre GPUs. On GeForce and workstation GPUs they say "Open nvidia.ko
        is only ready for use on Data Center GPUs" and leave the GPU alone. From 545.23.06 on the option is ignored, and
        not needed.

    How we know:
        The module's own line in the kernel's log: "Open nvidia.ko is only ready for use on Data Center GPUs. To force
        use of Open nvidia.ko on other GPUs, see the 'OpenRmEnableUnsupportedGpus' kernel module parameter", for a GPU
        that does not answer now.

    Fix:
        Install a driver of a newer branch. Else the proprietary module of the same version, or `options nvidia
        NVreg_OpenRmEnableUnsupportedGpus=1` in a file under /etc/modprobe.d, with the initramfs rebuilt and a
        reboot.

    Harmless when:
        The GPU works now: then the line is from before the option was set, and this check is silent.

    Sources:
        https://github.com/NVIDIA/open-gpu-kernel-modules/issues/20
    """
    for event, _ in last_by_gpu(events(kernel, "open-module-needs-flag")):
        if answers(event.bus_id, kernel, smi):
            continue
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="this open kernel module drives data-centre GPUs only, unless "
            "`NVreg_OpenRmEnableUnsupportedGpus=1` is set",
            evidence=seen_of(event),
            source=OPEN_MODULES_FLAG,
        )
