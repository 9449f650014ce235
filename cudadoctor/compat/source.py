"""Where a number was published."""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True, kw_only=True):
    """Where a rule or a number was published, and the day it was read."""

    title: str
    url: str
    read_on: str
    """ISO date."""
