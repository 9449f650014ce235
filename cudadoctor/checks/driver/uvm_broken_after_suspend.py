"""Finds an nvidia_uvm module that a suspend has broken."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import POWER_MANAGEMENT
from cudadoctor.checks.shared.kernel_log import events, seen_of
from cudadoctor.checks.shared.machine import bare, cuinit_seen, cuinit_text, refused, rows, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_UNKNOWN_ERROR = 999
_EPERM, _EACCES = 1, 13


@check("DRV021", severity=Severity.ERROR)
def uvm_broken_after_suspend(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    libcuda: LibcudaFacts,
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    nodes: tuple[DeviceNode, ...] | None,
) -> Result:
    """CUDA does not start since the machine was suspended: nvidia_uvm did not survive it.

    Why:
        After suspend and resume the unified-memory module can be left in a state in which every new CUDA program gets
        error 999 ("unknown error"; 30 in runtimes before 10.1), while nvidia-smi and the display work.

    How we know:
        cuInit gives 999 (cudaErrorUnknown; "CUDA unknown error", 30 before CUDA 10.1), nvidia_uvm is loaded, its nodes
        open, and the kernel's log shows a resume; nvidia-smi works. In a text the error beside a word of suspend, sleep
        or hibernation.

    Fix:
        End what uses CUDA, then as root: `modprobe -r nvidia_uvm` and `modprobe nvidia_uvm`. If it is in use and cannot
        be unloaded: reboot. So that it does not come back: `options nvidia NVreg_PreserveVideoMemoryAllocations=1` in a
        file under /etc/modprobe.d, rebuild the initramfs, and enable nvidia-suspend, nvidia-resume and nvidia-hibernate
        (`systemctl enable` as root). Programs that hold the GPU are best ended before a suspend.

    Harmless when:
        CUDA starts: then this check is silent.

    Sources:
        https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-reg.h
        https://github.com/pytorch/pytorch/issues/49081
    """
    resumed = events(kernel, "resumed")
    if not bare(os) or not driver.loaded or driver.uvm_loaded is not True or libcuda.cuinit != _UNKNOWN_ERROR:
        return
    if not resumed or refused(nodes, _EACCES) or refused(nodes, _EPERM):
        return
    yield Problem(
        subject="machine",
        message=f"CUDA does not start since the machine was suspended ({cuinit_text(libcuda)}): "
        "nvidia_uvm is loaded and does not work",
        evidence=rows(cuinit_seen(libcuda), resumed[-1].seen),
        source=POWER_MANAGEMENT,
        confidence=Confidence.CERTAIN if smi_lists(smi) else Confidence.LIKELY,
    )


@also(uvm_broken_after_suspend)
def in_messages(symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, os: OsFacts | None) -> Result:
    """CUDA's error without a reason, in a text that speaks of suspend or with a log that shows one."""
    if (kernel is not None and kernel.live) or (os is not None and os.wsl is not None):
        return
    unknown = every(symptoms, "cuda-unknown-error")
    said, logged = every(symptoms, "after-suspend"), events(kernel, "resumed")
    other = every(
        symptoms, "module-not-found-by-name", "module-not-in-directory", "smi-no-driver", "tf-no-kernel-driver"
    )
    lost = every(symptoms, "cuda-lost-after-sleep")
    if every(symptoms, "smi-works-said", "smi-answered"):
        lost = lost or every(symptoms, "gpu-lost-after-sleep")
    if (
        not unknown
        and lost
        and not other
        and not any(one.kind == "xid" for one in (kernel.events if kernel else None) or ())
    ):
        yield Problem(
            subject="machine",
            message="CUDA does not work since the machine was suspended: nvidia_uvm did not survive it, most likely",
            evidence=seen_of(*lost),
            source=POWER_MANAGEMENT,
            confidence=Confidence.LIKELY,
        )
        return
    if unknown and (said or logged) and not other:
        yield Problem(
            subject="machine",
            message="CUDA gives error 999 (30 before CUDA 10.1) since the machine was suspended: "
            "nvidia_uvm did not survive it",
            evidence=seen_of(unknown[0], *said[:1], *logged[-1:]),
            source=POWER_MANAGEMENT,
            confidence=Confidence.LIKELY,
        )
