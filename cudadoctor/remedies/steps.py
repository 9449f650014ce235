"""The steps of a remedy or a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Safety = Literal["safe", "system", "manual"]
"""safe: reversible, one environment or one of the user's own files. system: root, packages. manual: only shown."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A program to run."""

    argv: tuple[str, ...]
    why: str
    safety: Safety
    needs_root: bool = False
    kind: Literal["run"] = "run"


@dataclass(frozen=True, kw_only=True)
class WriteFile:
    """A file to change; `text` is what it should hold at that place."""

    path: str
    text: str
    why: str
    safety: Safety = "safe"
    needs_root: bool = False
    kind: Literal["write"] = "write"


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Something that only a person can do."""

    text: str
    safety: Safety = "manual"
    needs_root: bool = False
    kind: Literal["tell"] = "tell"


Step = Run | WriteFile | Tell


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """The cure of one finding."""

    summary: str
    """One sentence, as an order: "Install the driver, then reboot"."""
    steps: tuple[Step, ...] = ()
