"""The keys of `cudadoctor.snapshot/1`, which `snapshot` and `agent` write and `check --from` reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from cudadoctor.render.contract import Contract, Tool

Kind = Literal["missing", "denied", "too-large", "failed", "timed-out"]


class Question(Contract):
    """What the machine was asked; the other keys are its arguments (`path`, `pattern`, `argv` …)."""

    do: str


class Refused(Contract):
    """Why there is no answer."""

    kind: Kind


class Answer(Contract):
    """A question and what came of it: `gives` or `refuses`."""

    ask: Question
    gives: Any | UnsetType = UNSET
    refuses: Refused | UnsetType = UNSET


class Snapshot(Contract):
    """A recorded machine, unpacked from its gzip file where it is one."""

    schema: Literal["cudadoctor.snapshot/1"]
    tool: Tool
    redacted: Annotated[bool, Meta(description="Private names were replaced.")]
    env: Annotated[dict[str, str] | None, Meta(description="The environment variables that matter.")]
    answers: list[Answer]
    partial: bool | UnsetType = UNSET
    """Not everything was asked: what is not listed is unknown."""
