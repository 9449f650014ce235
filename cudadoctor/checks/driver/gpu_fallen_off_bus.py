"""Finds GPUs that no longer answer on the PCI bus."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject, xids
from cudadoctor.checks.shared.machine import clean, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.compat.xids import XID_CATALOG
from cudadoctor.facts.driver import PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_BUS_ID = re.compile(r"([0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.\d)")


@check(
    "HW002",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-gpu-lost",),
            message="a GPU no longer answers on the PCI bus",
            source=NVML,
            beside=("nvidia-driver-named", "off-the-bus", "smi-no-devices", "device-handle-unknown-error"),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def gpu_fallen_off_bus(gpus: tuple[GpuFacts, ...], pci: PciFacts | None, smi: SmiFacts | None) -> Result:
    """A GPU no longer answers on the PCI bus.

    Why:
        The GPU was there at the start and stopped answering: seating, power, heat, a riser, or a defect. The driver
        cannot bring it back by itself.

    How we know:
        The GPU's configuration space reads as all ones (ff ff ff ff), nvidia-smi says "GPU is lost" or "Unable to
        determine the device handle for GPU 0000:01:00.0: Unknown Error", or the kernel's log has "Xid …: 79, GPU has
        fallen off the bus". A log that shows a region which the firmware did not assign is `pci-bar-not-assigned`.

    Fix:
        Switch the machine off completely (a cold start) and on again. If it comes back and fails under load: look at
        power cables, seating, temperature and the power supply; then ask the vendor.

    Harmless when:
        Never while the GPU should compute. A laptop's GPU that was switched off may look alike: that is said as
        "likely" only.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    index = {gpu.pci_bus_id: gpu.index for gpu in gpus if gpu.pci_bus_id}
    lost = {gpu.pci_bus_id or f"index {gpu.index}": gpu.index for gpu in gpus if gpu.lost}
    said_lost = {gpu.index for gpu in smi.gpus if gpu.lost} if smi is not None else set()
    said = (smi.message or "").lower() if smi is not None else ""
    if "fallen off the bus" in said or "gpu is lost" in said or ("device handle" in said and "unknown error" in said):
        match = _BUS_ID.search(smi.message or "") if smi is not None else None
        bus_id = match.group(1).lower() if match else None
        if bus_id is not None:
            lost.setdefault(bus_id, index.get(bus_id, -1))
        elif not lost:
            lost["one of the GPUs"] = -1
    for device in () if pci is None else pci.gpus:
        if not device.responds and device.driver != "vfio-pci":
            known = lost.pop(device.bus_id, None) is not None
            yield Problem(
                subject=str(Gpu(index[device.bus_id])) if device.bus_id in index else str(Gpu(device.bus_id)),
                message=f"the GPU at {device.bus_id} has fallen off the bus: its configuration space reads as all ones",
                evidence=rows(
                    seen(f"/sys/bus/pci/devices/{device.bus_id}/config", "ff ff ff ff"),
                    smi_seen(smi) if known and smi is not None else None,
                ),
                source=NVML,
                confidence=Confidence.CERTAIN if known or device.driver == "nvidia" else Confidence.LIKELY,
            )
    for where, number in lost.items():
        yield Problem(
            subject=str(Gpu(number)) if number >= 0 else "machine",
            message=f"nvidia-smi cannot talk to the GPU ({clean(where, 40)}): it is lost",
            evidence=rows(smi_seen(smi) if smi is not None else None),
            source=NVML,
            confidence=Confidence.CERTAIN if number in said_lost or number < 0 else Confidence.LIKELY,
        )


_OFF_THE_BUS = 79


@also(gpu_fallen_off_bus)
def _logged(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The kernel's log says so. A GPU without a memory region "has fallen off the bus" as well: that has its name."""
    unassigned = {one.bus_id for one in events(kernel, "bar-not-assigned")}
    for event, _ in last_by_gpu((*xids(kernel, _OFF_THE_BUS), *events(kernel, "fallen-off-bus"))):
        if event.bus_id in unassigned or None in unassigned or answers(event.bus_id, kernel, smi):
            continue
        where = f" at {event.bus_id}" if event.bus_id else ""
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"the GPU{where} has fallen off the bus" + (f" (Xid {event.code})" if event.code else ""),
            evidence=seen_of(event),
            source=XID_CATALOG,
        )


@also(gpu_fallen_off_bus)
def in_messages(symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None, kernel: KernelFacts | None) -> Result:
    """nvidia-smi cannot reach a GPU that the driver has."""
    if kernel is not None and (kernel.live or xids(kernel, _OFF_THE_BUS) or events(kernel, "fallen-off-bus")):
        return
    for one in every(symptoms, "gpu-handle-error"):
        bus = one.values.get("bus")
        bus_id = bus.lower()[-12:] if bus and len(bus) >= 12 else None
        yield Problem(
            subject=subject(bus_id, gpus) if bus_id else "machine",
            message=f"nvidia-smi cannot talk to the GPU{f' at {bus_id}' if bus_id else ''}: it is lost",
            evidence=seen_of(one),
            source=NVML,
            confidence=Confidence.LIKELY,
        )
        return
    said = every(symptoms, "off-the-bus")
    if said and not events(kernel, "bar-not-assigned"):
        yield Problem(
            subject="machine",
            message="the GPU falls off the bus: it stops answering while the machine runs",
            evidence=seen_of(*said),
            source=XID_CATALOG,
            confidence=Confidence.LIKELY,
        )
