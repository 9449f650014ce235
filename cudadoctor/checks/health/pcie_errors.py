"""Finds PCI Express errors of a GPU that could not be corrected."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import AER
from cudadoctor.checks.shared.kernel_log import events, last_by_gpu, seen_of, subject
from cudadoctor.checks.shared.machine import seen
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts


@check("HW006", severity=Severity.WARNING)
def pcie_errors(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The GPU's PCI Express link had errors that could not be corrected.

    Why:
        The kernel counts errors of each device's link. Corrected ones are repeated and cost a little speed; a fatal one
        means that the link was lost or data spoilt: a loose card, a riser or cable, a slot, power, or a defect.

    How we know:
        The kernel's count of fatal errors (/sys/bus/pci/devices/…/aer_dev_fatal), or "PCIe Bus Error:
        severity=Uncorrected (Fatal)" in a log, for the GPU's own device.

    Fix:
        Switch off and seat the card anew, without a riser where there is one; update the firmware; in its setup limit
        the slot to an older PCIe generation as a trial (Gen 3), and switch ASPM off (`pcie_aspm=off` on the kernel's
        command line). Errors that stay: try another slot, then another card.

    Harmless when:
        There are only corrected errors: this check is silent. Errors while a hot-plugged GPU was taken away are to be
        expected.

    Sources:
        https://docs.kernel.org/PCI/pcieaer-howto.html
    """
    for one in kernel.bus_errors:
        if one.fatal:
            yield Problem(
                subject=subject(one.bus_id, gpus),
                message=f"the PCI Express link of the GPU at {one.bus_id} had {one.fatal} fatal errors since the start",
                evidence=(
                    seen(f"/sys/bus/pci/devices/{one.bus_id}/aer_dev_fatal", f"TOTAL_ERR_FATAL {one.fatal}"),
                    seen(f"/sys/bus/pci/devices/{one.bus_id}/aer_dev_nonfatal", f"TOTAL_ERR_NONFATAL {one.nonfatal}"),
                ),
                source=AER,
            )


@also(pcie_errors)
def _from_the_log(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The same from lines of a pasted log."""
    if kernel.live:
        return
    lost = (one for one in events(kernel, "bus-error") if dict(one.values).get("severity") == "Uncorrected (Fatal)")
    for event, _ in last_by_gpu(lost):
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="the GPU's PCI Express link had an error that could not be corrected",
            evidence=seen_of(event),
            source=AER,
            confidence=Confidence.LIKELY,
        )
