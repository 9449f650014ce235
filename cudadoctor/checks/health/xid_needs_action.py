"""Finds Xids after which the GPU must be reset."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.shared.kernel_log import answers, last_by_gpu, recovered, seen_of, subject, xids
from cudadoctor.compat.xids import XID_CATALOG, action, means
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check("HLTH001", severity=Severity.ERROR)
def xid_needs_action(kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The driver logged a fault (Xid) after which the GPU must be reset.

    Why:
        An Xid is the driver's message about a fault of a GPU. Most come from programs; those reported here mean that
        the GPU itself is in a bad state: NVIDIA's catalogue asks for a reset.

    How we know:
        "NVRM: Xid (PCI:0000:01:00): 62, …" in the kernel's log of the last day, with a number for which NVIDIA's
        catalogue asks for a reset of the GPU or a restart. Those with a page of their own (79, 119, 48 …) are reported
        there.

    Fix:
        Stop what uses the GPU and reset it (`nvidia-smi --gpu-reset` with its index, as root), or reboot. If the same
        Xid comes back: upgrade the driver and the firmware, run the vendor's diagnosis (`dcgmi diag -r 3`), and show it
        the log.

    Harmless when:
        The GPU was reset since: a day later, after the module was loaded anew, or where the driver says that no
        recovery is needed, it is not reported.

    Sources:
        https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
    """
    codes = sorted({one.code for one in kernel.events or () if one.code is not None and action(one.code) == "reset"})
    for event, times in last_by_gpu(xids(kernel, *codes)):
        if recovered(event.bus_id, smi):
            continue
        what = means(event.code or 0)
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"the driver logged Xid {event.code}"
            + (f" ({what})" if what else "")
            + (f", {times} faults in all" if times > 1 else "")
            + ": the GPU needs a reset",
            evidence=seen_of(event),
            source=XID_CATALOG,
            severity=Severity.WARNING if answers(event.bus_id, kernel, smi) else None,
        )
