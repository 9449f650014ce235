"""The keys of `cudadoctor.plan/1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from cudadoctor.remedies import plan
from cudadoctor.render.contract import Contract, Source, Tool, shows
from cudadoctor.render.report.contract import Safety

Argv = Annotated[list[str], Meta(min_length=1)]
Outcome = Literal["done", "held", "shown", "failed", "interrupted", "left"]


class Prints(Contract, tag_field="kind", tag="prints"):
    """A program prints this text; null: it ends with 0."""

    argv: list[str]
    text: str | None


class Exists(Contract, tag_field="kind", tag="exists"):
    """A file is there."""

    path: str
    what: Literal["file", "directory", "executable"]


class HasHash(Contract, tag_field="kind", tag="hash"):
    """A file has this hash."""

    path: str
    digest: Annotated[str, Meta(pattern="^(sha256|md5):[0-9a-f]+$")]


class AllOf(Contract, tag_field="kind", tag="all"):
    """All of these hold."""

    conditions: list[Condition]


Condition = Prints | Exists | HasHash | AllOf


class UndoCommand(Contract):
    """A command that takes a step back."""

    argv: list[str]
    needs_root: bool


class Undo(Contract):
    """How a step is taken back."""

    commands: list[UndoCommand]
    removes: Annotated[list[str], Meta(description="What is removed, where it was not there before.")]
    gives_back: Annotated[list[str], Meta(description="Files that become what they were.")]
    packages: Annotated[bool, Meta(description="The packages that newly came are removed.")]
    stays: Annotated[str | None, Meta(description="Why it cannot be taken back, or what stays of it.")]


class Step(Contract):
    """Every step has all keys, so that a reader needs no cases: what a kind does not have is null."""

    not_null: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "run": ("argv",),
        "write": ("path", "text"),
        "tell": ("text",),
        "fetch": ("url", "path"),
    }
    id: Annotated[str, Meta(min_length=1)]
    title: str
    why: str
    kind: Literal["run", "write", "tell", "fetch"]
    argv: Annotated[Argv | None, Meta(description="run: the program and its arguments, without sudo.")]
    path: Annotated[str | None, Meta(description="write, fetch: the file.")]
    text: Annotated[str | None, Meta(description="write: all that the file is to hold. tell: what a person has to do.")]
    delete: Annotated[bool | None, Meta(description="write: the file is removed instead.")]
    url: Annotated[str | None, Meta(description="fetch: https:// or file://.")]
    digest: Annotated[
        Annotated[str, Meta(pattern="^(sha256|md5):[0-9a-f]+$")] | None,
        Meta(description="fetch: what it must hash to; null: nothing was published."),
    ]
    size_mib: int | None
    needs: Annotated[list[str], Meta(description="Ids of steps that must be done before.")]
    safety: Safety
    needs_root: bool
    by_name: Annotated[bool, Meta(description="Done only where the user names it.")]
    network: Annotated[list[str], Meta(description="Hosts that it speaks to; apt: those of apt's sources.")]
    disk_mib: Annotated[int, Meta(ge=0)]
    disk_at: str | None
    reboot: Annotated[bool, Meta(description="It counts only after a reboot.")]
    done: Annotated[bool | None, Meta(description="It holds already; null: not known, or it is run every time.")]
    done_when: Condition | None
    outcome: Annotated[
        Outcome | None,
        Meta(
            description="What became of it; held: it was done already; shown: for a person, or waiting for one; "
            "left: not reached; null: the plan was not carried out."
        ),
    ]
    undo: Undo
    source: Source | None


@shows(plan.For)
class For(Contract):
    """What the plan is for."""

    command: Literal["install", "fix"]
    request: Annotated[dict[str, str], Meta(description="What was asked, by name.")]
    findings: Annotated[list[str], Meta(description="Ids of the findings that it cures: name@subject.")]


@shows(plan.Image)
class Image(Contract):
    """The image that a Dockerfile starts from."""

    base: str
    why: str


class Enter(Contract):
    """The command that enters the environment when all is done, in the user's shell."""

    argv: Argv
    new_shell: Annotated[bool, Meta(description="Only a new shell knows it.")]


class Plan(Contract):
    """What `cudadoctor install` and `cudadoctor fix` plan, and what became of it."""

    schema: Literal["cudadoctor.plan/1"]
    tool: Tool
    purpose: For = field(name="for")
    title: str
    state: Literal["planned", "applied", "failed", "interrupted", "undone"]
    impossible: Annotated[
        str | None,
        Meta(
            description="Why what was asked cannot be had on this machine; the steps are then what works instead, "
            "or none."
        ),
    ]
    nothing_to_do: Annotated[bool, Meta(description="Every step that can be known to be done is.")]
    notes: list[str]
    home: Annotated[str | None, Meta(description="The home directory that the paths were made for.")]
    uid: int | None
    image: Image | None
    enter: Enter | None
    steps: list[Step]
    error: Annotated[str | None, Meta(description="One line: which step failed, what is wrong, what to do.")]
    log: Annotated[str | None, Meta(description="Path of the log of the run.")]
    journal: Annotated[str | None, Meta(description="What `cudadoctor undo` takes.")]
    waiting: Annotated[
        list[str], Meta(description="Ids of steps that wait for a reboot or for a person; then --resume does them.")
    ]
