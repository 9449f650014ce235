"""Programs of NVIDIA's that must run beside the driver: fabric manager, MPS, IMEX, persistence."""

from __future__ import annotations

from msgspec import Struct


class ServiceFacts(Struct, frozen=True, kw_only=True):
    """Programs of NVIDIA's that must run beside the driver: fabric manager, MPS, IMEX, persistence."""
