"""Where a value was read."""

from __future__ import annotations

from msgspec import Struct


class Seen(Struct, frozen=True, kw_only=True):
    """Evidence: the place, and what stood there."""

    where: str
    """A path (with `:line` where it helps), a command, or `line 12` of a paste."""
    text: str
    """The excerpt, short, without control characters."""
