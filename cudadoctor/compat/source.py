"""Where a number was published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule or a number was published, and the day it was read."""

    title: str
    url: str
    read_on: str
    """ISO date."""
