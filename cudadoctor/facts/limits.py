"""What this process may use: memory, shared memory, disk, files."""

from __future__ import annotations

from msgspec import Struct


class LimitFacts(Struct, frozen=True, kw_only=True):
    """What this process may use: memory, shared memory, disk, files."""
