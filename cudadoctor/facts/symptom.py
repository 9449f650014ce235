"""What somebody's words, or a program's, say is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from cudadoctor.facts.seen import Seen


class Symptom(Struct, frozen=True, kw_only=True):
    """A known error message or code, wherever it was met: in a paste, or in what torch or nvidia-smi said here.

    It is a fact, not a cause: what it means on this machine is for the checks to decide, from it and the other facts.
    """

    kind: str
    """In kebab-case, after what was said and not after a cause: `no-kernel-image`, `cuda-error-804`."""
    says: str
    """What the message means, in one sentence."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The parts of the message that carry a value: `library`, `version`, `wanted` …"""
    seen: Seen
