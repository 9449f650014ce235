"""Finds a GPU whose own processor (GSP) stopped answering."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.shared.kernel_log import answers, last_by_gpu, recovered, seen_of, subject, xids
from cudadoctor.compat.xids import XID_CATALOG
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check("DRV023", severity=Severity.ERROR)
def gsp_rpc_timeout(kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The GPU's own processor (GSP) stopped answering the driver (Xid 119 or 120).

    Why:
        From Turing on a part of the driver runs inside the GPU. When it stops answering, programs hang, and the driver
        logs Xid 119 (a call timed out) or 120 (an error inside). It follows a defect of the firmware's version, a
        power transition that failed, or faulty hardware.

    How we know:
        The kernel's log: "Xid (PCI:…): 119, Timeout after 6s of waiting for RPC response from GPU0 GSP!" or Xid 120.
        Lines from before the module was loaded, and those of more than a day ago, do not count.

    Fix:
        Stop what uses the GPU and reset it (`nvidia-smi --gpu-reset` with its index, as root), or reboot; where it does
        not come back, switch the machine off and on.

        If it happens again: upgrade the driver. With the proprietary module, up to branch 580, `options nvidia
        NVreg_EnableGpuFirmware=0` in /etc/modprobe.d does without the GSP; the open module needs it. If it stays on one
        GPU of several: have that GPU checked.

    Harmless when:
        The GPU was reset since: a day later, or after the module was loaded anew, it is not reported.

    Sources:
        https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
    """
    for event, times in last_by_gpu(xids(kernel, 119, 120)):
        if recovered(event.bus_id, smi):
            continue
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"the GPU's own processor (GSP) stopped answering: Xid {event.code}"
            + (f", {times} times" if times > 1 else ""),
            evidence=seen_of(event),
            source=XID_CATALOG,
            severity=Severity.WARNING if answers(event.bus_id, kernel, smi) else None,
        )
