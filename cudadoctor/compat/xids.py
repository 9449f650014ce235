"""What NVIDIA's catalogue says is to be done about an Xid, as far as a rule rests on it."""

from __future__ import annotations

from typing import Literal

from cudadoctor.compat.source import Source

XID_CATALOG = Source(
    title="NVIDIA Xid catalog",
    url="https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html",
    read_on="2026-11-25",
)

Action = Literal["program", "reset"]

# The column "Resolution Bucket (Immediate Action)". Codes with a name of their own here are in neither set: 48, 63, 94
# and 95 (memory), 54 (power), 74 and 144 to 150 (NVLink), 79 (bus), 119 and 120 (GSP), 154 (the action itself).
# 45 only cleans up after another one, and 43 ends the channel of a program.
_PROGRAM = frozenset({8, 11, 13, 25, 31, 32, 43, 45, 60, 68, 69, *range(96, 106)})
_RESET = frozenset({46, 62, 64, 109, 110, 136, 140, 143, 155, 156, 158})

_MEANS = {
    8: "the GPU stopped processing",
    13: "a program's kernel did something illegal",
    31: "a program used an address that is not mapped",
    32: "a program sent a corrupted command stream",
    43: "the GPU stopped a program's work",
    45: "a program's work was ended after another fault, or when it was killed",
    46: "the GPU stopped processing",
    62: "the GPU's internal controller halted",
    64: "replacing a faulty row or page of memory failed",
    69: "a program's graphics or compute command was illegal",
    109: "switching between programs timed out",
    110: "a security fault of the GPU",
    136: "a link training fault",
    140: "an uncorrectable error that was not contained",
    143: "the GPU could not be started",
}


def action(code: int) -> Action | None:
    """`program`: restart what ran; `reset`: the GPU must be reset. None: neither, or a code with its own name here."""
    return "program" if code in _PROGRAM else "reset" if code in _RESET else None


def means(code: int) -> str | None:
    """In a few words what an Xid says; None where this table does not have it."""
    return _MEANS.get(code)
