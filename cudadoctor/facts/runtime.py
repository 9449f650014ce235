"""Container runtimes on this machine, and what this container was given."""

from __future__ import annotations

from msgspec import Struct


class RuntimeFacts(Struct, frozen=True, kw_only=True):
    """Container runtimes on this machine, and what this container was given."""
