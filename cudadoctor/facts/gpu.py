"""A GPU, as merged from everything that saw it."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.versions import ComputeCapability


class GpuFacts(Struct, frozen=True, kw_only=True):
    """One NVIDIA GPU."""

    index: int
    """nvidia-smi's index; where nvidia-smi did not answer, the order on the PCI bus."""
    name: str | None = None
    pci_bus_id: str | None = None
    """`0000:01:00.0`: four digits of domain, lower case."""
    compute_capability: ComputeCapability | None = None
    capability_from: str | None = None
    """Where it was read: nvidia-smi, libcuda, torch, or `PCI id` (the table)."""
    memory_total_mib: int | None = None
    mig_mode: str | None = None
    """`enabled`, `disabled`, or None where the GPU has no MIG."""
    mig_devices: int | None = None
    lost: bool = False
    """nvidia-smi lists it and cannot talk to it (`ERR!`, "GPU is lost")."""
