"""The distribution's packages, and where they come from."""

from __future__ import annotations

from msgspec import Struct


class DistroFacts(Struct, frozen=True, kw_only=True):
    """The distribution's packages, and where they come from."""
