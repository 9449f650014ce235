"""The steps of a remedy or a plan."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Safety = Literal["safe", "system", "manual"]
"""safe: reversible, one environment or one of the user's own files. system: root, packages. manual: only shown."""


class Run(Struct, frozen=True, kw_only=True, tag_field="action", tag="run"):
    """A program to run."""

    argv: tuple[str, ...]
    why: str
    safety: Safety
    needs_root: bool = False

    @property
    def kind(self) -> Literal["run"]:
        """For JSON and for reading."""
        return "run"


class WriteFile(Struct, frozen=True, kw_only=True, tag_field="action", tag="write"):
    """A file to change; `text` is what it should hold at that place."""

    path: str
    text: str
    why: str
    safety: Safety = "safe"
    needs_root: bool = False
    before: str | None = None
    """SHA-256 of the bytes that the step was planned from, "" for a file that was not there; None: not looked at.
    The executor writes only where the file still is that."""
    delete: bool = False
    """Take the file away instead, where it holds nothing of anybody else's."""

    @property
    def kind(self) -> Literal["write"]:
        """For JSON and for reading."""
        return "write"


class Tell(Struct, frozen=True, kw_only=True, tag_field="action", tag="tell"):
    """Something that only a person can do."""

    text: str
    safety: Safety = "manual"
    needs_root: bool = False

    @property
    def kind(self) -> Literal["tell"]:
        """For JSON and for reading."""
        return "tell"


Step = Run | WriteFile | Tell


class Remedy(Struct, frozen=True, kw_only=True):
    """The cure of one finding."""

    summary: str
    """One sentence, as an order: "Install the driver, then reboot"."""
    steps: tuple[Step, ...] = ()
