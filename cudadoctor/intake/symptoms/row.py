"""The shape of a known error message."""

from __future__ import annotations

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """A message that a program of this field prints: how it is recognised, what it says, and where it comes from.

    A message says what was met, never why: two causes may print the same.
    """

    kind: str
    """`no-kernel-image`: after what is said. Several rows may have one kind, where versions word it differently."""
    word: str
    """Lower case; a line without it is not looked at. As rare a word as the message has."""
    pattern: str
    """Searched in the line without regard to case; linear in its length (no nested or adjacent open repeats, bounded
    counts). Named groups become the symptom's values. Lines that a terminal wrapped were joined before."""
    says: str
    """One sentence for a reader: what the message means."""
    source: str
    """https:// address of the code or page that has the message, or that explains it."""
