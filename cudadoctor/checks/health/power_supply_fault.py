"""Finds a GPU whose power cables are not connected."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject, xids
from cudadoctor.checks.shared.machine import rows, smi_seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.compat.xids import XID_CATALOG
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom

_SAYS = "the GPU's power cables are not connected, or give too little"
_CABLES = 8
"""nvidia-smi's exit status for it."""


@check("HW007", severity=Severity.ERROR)
def power_supply_fault(kernel: KernelFacts, smi: SmiFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The GPU's power cables are not connected, or give too little.

    Why:
        A GPU that needs more than the slot gives has power connectors of its own. Without them, or with a cable that
        does not fit the card, the driver does not start it: Xid 54, "GPU does not have the necessary power cables
        connected".

    How we know:
        The kernel's log: "Xid …: 54" or "GPU does not have the necessary power cables connected"; nvidia-smi's exit
        status 8, or its words about external power cables.

    Fix:
        Switch off and look at every power cable of the card, at both ends; use cables of this power supply only,
        one for each connector. Data-centre cards (P40, V100, A100 …) want the 8-pin connector of CPUs (EPS), not
        that of PCIe. In a server: the right cable kit, and enough power supplies. In a virtual machine the same
        line appears where the passthrough of the card is incomplete.

    Harmless when:
        Never, while the GPU is to be used; a GPU that works now is not reported.

    Sources:
        https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
    """
    for event, _ in last_by_gpu((*xids(kernel, 54), *events(kernel, "power-cables"))):
        if answers(event.bus_id, kernel, smi):
            continue
        yield Problem(subject=subject(event.bus_id, gpus), message=_SAYS, evidence=seen_of(event), source=XID_CATALOG)


@also(power_supply_fault)
def _smi_says(smi: SmiFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """nvidia-smi ends with the status for it."""
    if smi.outcome == "failed" and smi.exit_code == _CABLES:
        yield Problem(subject=subject(None, gpus), message=_SAYS, evidence=rows(smi_seen(smi)), source=XID_CATALOG)


@also(power_supply_fault)
def in_messages(symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """nvidia-smi's words."""
    said = every(symptoms, "smi-power-cables")
    if said and not events(kernel, "power-cables") and not (kernel is not None and kernel.live):
        yield Problem(subject=subject(None, gpus), message=_SAYS, evidence=seen_of(*said), source=XID_CATALOG)
