"""Finds GPUs that use only a part of their slot's lanes."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PCI_SYSFS
from cudadoctor.checks.shared.machine import bare, clean, laptop, seen
from cudadoctor.facts.driver import PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts

_WIDTHS = (1, 2, 4, 8, 12, 16)
"""A device that sleeps reads as 63 lanes."""


@check("HW005", severity=Severity.WARNING)
def pcie_link_narrow(pci: PciFacts, os: OsFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The GPU's PCI Express link has fewer lanes than GPU and slot both can use.

    Why:
        GPU and slot agree on a width when the machine starts. Where they settle on a quarter or less of what both can
        do, a contact is bad: the card sits askew, a riser or its cable is poor, the slot is dirty. Copies between
        memory and GPU are slower by that factor. (The link's speed, unlike its width, falls on purpose while idle.)

    How we know:
        current_link_width against max_link_width of the GPU and of its slot, in /sys/bus/pci/devices (`lspci -vv`:
        LnkSta and LnkCap, "x4 (downgraded)"): a quarter or less is a warning, a half is information.

    Fix:
        Switch off, seat the card anew, leave out the riser, try another slot; in the firmware's setup look whether the
        slot is split (bifurcation). `sudo lspci -vv` shows LnkCap and LnkSta of both ends.

    Harmless when:
        The slot has few lanes by its build (mining risers, external cases, slots of the chipset): the slot's own limit
        then says so, and nothing is reported. Half of the lanes is often a split slot, and information only.

    Sources:
        https://www.kernel.org/doc/html/latest/admin-guide/abi-testing.html
    """
    if not bare(os):
        return
    named = {gpu.pci_bus_id: gpu for gpu in gpus or ()}
    guests = {gpu.bus_id for gpu in smi.gpus if (gpu.virtualization or "None") != "None"} if smi is not None else set()
    for device in pci.gpus:
        now, most = device.link_width, device.link_width_max
        port = device.port_width_max
        if now not in _WIDTHS or not most or not port or device.driver != "nvidia" or device.bus_id in guests:
            continue
        can = min(most, port)
        gpu = named.get(device.bus_id)
        if now * 2 > can or gpu is None or laptop(gpu.name):
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"the GPU at {clean(device.bus_id)} uses {now} of the {can} PCI Express lanes that it and its slot"
            " have",
            evidence=(
                seen(f"/sys/bus/pci/devices/{device.bus_id}/current_link_width", str(now)),
                seen(f"/sys/bus/pci/devices/{device.bus_id}/max_link_width", f"{most}; the slot's: {port}"),
            ),
            source=PCI_SYSFS,
            severity=Severity.INFO if now * 4 > can else None,
            confidence=Confidence.LIKELY,
        )
