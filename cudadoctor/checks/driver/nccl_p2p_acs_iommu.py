"""Finds GPUs that cannot reach one another over PCI Express although they say so."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NCCL_TROUBLE
from cudadoctor.checks.shared.machine import rows
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.symptom import Symptom


@check("CL004", severity=Severity.ERROR)
def nccl_p2p_acs_iommu(symptoms: tuple[Symptom, ...]) -> Result:
    """Copies between GPUs over PCI Express are broken by the IOMMU or by ACS.

    Why:
        GPUs below one PCI Express switch or root port write into one another's memory directly. With the IOMMU on, or
        with Access Control Services (ACS) in the bridges, these writes are sent up to the root, and are lost or go
        wrong: NCCL hangs without an error, or results differ, while pairs across sockets (SYS, which use main memory)
        work.

    How we know:
        A text in which a program with NCCL hangs, and either `NCCL_P2P_DISABLE=1` makes it go on or the kernel logs
        faults of the IOMMU ("AMD-Vi: Event logged [IO_PAGE_FAULT", "DMAR: [DMA Write] Request device"). A hang alone
        decides nothing.

    Fix:
        At once, and slower: `NCCL_P2P_DISABLE=1`. For good, on bare metal: switch the IOMMU (VT-d, AMD-Vi) off in the
        firmware's setup or boot with `iommu=pt` (AMD) or `intel_iommu=off`, and switch ACS off in the firmware or with
        `setpci` on the bridges that `sudo lspci -vvv | grep ACSCtl` shows with `SrcValid+`.

        In a virtual machine ACS is needed: there the hypervisor's administrator enables ATS, or P2P stays off.
        `p2pBandwidthLatencyTest` of the CUDA samples shows the result.

    Harmless when:
        The GPUs have no peer access at all (most GeForce cards from RTX 40 on): NCCL then does not try it.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    nccl = first(symptoms, "nccl-used")
    hangs = first(symptoms, "program-hangs")
    without = first(symptoms, "nccl-p2p-disable-helps")
    fault = first(symptoms, "iommu-page-fault")
    if nccl is None or hangs is None or (without is None and fault is None):
        return
    yield Problem(
        subject="machine",
        message="NCCL hangs, and "
        + ("the IOMMU reports faults of a device" if fault is not None else "NCCL_P2P_DISABLE=1 helps")
        + ": copies between GPUs over PCI Express are broken by the IOMMU or by ACS",
        evidence=rows(
            quoted(hangs),
            quoted(without) if without is not None else None,
            quoted(fault) if fault is not None else None,
        ),
        source=NCCL_TROUBLE,
        confidence=Confidence.LIKELY,
    )
