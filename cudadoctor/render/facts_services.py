"""Services and the GPUs' health in the JSON report."""

from __future__ import annotations

from typing import Any

import msgspec

from cudadoctor.facts.driver import PciDevice, SmiGpu
from cudadoctor.facts.health import GpuHealth
from cudadoctor.facts.services import ServiceFacts


def health(one: SmiGpu) -> dict[str, Any]:
    """How one GPU is, as nvidia-smi told it; what it did not tell is left out."""
    found: dict[str, Any] = {"index": one.index}
    for field in msgspec.structs.fields(GpuHealth):
        value = getattr(one, field.name)
        if value is not None:
            found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def services(one: ServiceFacts) -> dict[str, Any]:
    """What runs beside the driver."""
    manager = one.fabric_manager
    return {
        "running": None if one.running is None else list(one.running),
        "enabled": list(one.enabled),
        "fabric_manager": None
        if manager is None
        else {"path": manager.path, "version": None if manager.version is None else str(manager.version)},
        "mps_pipe": one.mps_pipe,
        "mps_pipe_there": one.mps_pipe_there,
        "imex_channels": one.imex_channels,
    }


def link(one: PciDevice) -> dict[str, int | None]:
    """The lanes of a GPU's PCI Express link."""
    return {"width": one.link_width, "width_max": one.link_width_max, "port_width_max": one.port_width_max}
