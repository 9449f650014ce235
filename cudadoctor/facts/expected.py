"""What this machine ought to have, by the word of whoever runs it."""

from __future__ import annotations

from msgspec import Struct


class Expectation(Struct, frozen=True, kw_only=True):
    """One line of `cudadoctor.toml`, or one `--expect key=value`."""

    key: str
    """`gpus`, `gpu`, `compute`, `driver`, `toolkit`, `torch`, `torch_cuda`, `python`, `memory`, `mig`, `require`,
    `forbid`."""
    wanted: str
    """As it was written: `8`, `>=580`, `12.*`, `false`; one name of a variable for `require` and `forbid`."""
    origin: str
    """`--expect`, or the file."""


class Ignored(Struct, frozen=True, kw_only=True):
    """A check that is left out on purpose."""

    name: str
    """A code, a prefix of codes or a name, as `--ignore` takes it."""
    reason: str
    until: str | None = None
    """ISO date of the last day on which it is left out; None: for good."""
    origin: str
