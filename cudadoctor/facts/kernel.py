"""The Linux kernel: what its log says of the driver, and what decides whether NVIDIA's modules can be loaded."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.facts.seen import Seen


class KernelEvent(Struct, frozen=True, kw_only=True):
    """A message of the kernel log that matters here, of this boot (or of a paste)."""

    kind: str
    """`xid`, `fallen-off-bus`, `init-failed`, `signature-refused`, `resumed` …"""
    text: str
    bus_id: str | None = None
    """`0000:01:00.0`, where the message names a GPU."""
    code: int | None = None
    """The number of an Xid."""
    age: float | None = None
    """Seconds before the log was read; None where that cannot be told."""
    values: tuple[tuple[str, str], ...] = ()
    """Names and values that the message carries."""
    seen: Seen


class KernelFacts(Struct, frozen=True, kw_only=True):
    """The running kernel and the modules on disk for it."""

    events: tuple[KernelEvent, ...] | None = None
    """From the kernel log, oldest first; None: the log could not be read, and nothing is known of it."""
