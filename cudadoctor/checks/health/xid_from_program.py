"""Tells of Xids that programs cause."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.shared.kernel_log import last_by_gpu, seen_of, subject, xids
from cudadoctor.compat.xids import XID_CATALOG, action, means
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts

_SAYS_NOTHING = (43, 45)
"""They follow another Xid, or a program that was killed: alone they are not worth a word."""


@check("HLTH002", severity=Severity.INFO)
def xid_from_program(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The driver logged a fault (Xid) that a program caused.

    Why:
        Xid 13, 31, 32, 69 and others of their kind mean that a program on the GPU used an address that it may not, or
        an illegal command. The GPU is well; the program was ended with error 700 or 719.

    How we know:
        "NVRM: Xid (PCI:0000:01:00): 31, …" in the kernel's log, with a number that NVIDIA's catalogue of Xids puts down
        to the application (13, 31, 32, 69 and others). 43 and 45 alone only follow another one.

    Fix:
        Look for the fault in the program: run it with `CUDA_LAUNCH_BLOCKING=1`, or under `compute-sanitizer`. An index
        out of range in an embedding, a loss or a custom kernel is the usual one. Only where different, proven programs
        fail on one GPU and not on another is the GPU to be suspected.

    Harmless when:
        A program was being developed: the GPU is not harmed.

    Sources:
        https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
    """
    codes = {one.code for one in kernel.events or () if one.code is not None and action(one.code) == "program"}
    for event, times in last_by_gpu(xids(kernel, *(codes - set(_SAYS_NOTHING)))):
        what = means(event.code or 0)
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"the driver logged Xid {event.code}"
            + (f" ({what})" if what else "")
            + (f", {times} faults in all" if times > 1 else "")
            + ": a program's fault, not the GPU's",
            evidence=seen_of(event),
            source=XID_CATALOG,
        )
