"""The keys of `cudadoctor.recommendation/1`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from cudadoctor.recommend import model
from cudadoctor.render.contract import Contract, Source, Tool, shows


class Value(Contract):
    """A value and where it comes from."""

    value: Any
    origin: Literal["asked", "detected", "default"]


@shows(model.Choice)
class Choice(Contract):
    """The build that is recommended."""

    torch: str
    torchvision: str | None
    torchaudio: str | None
    cuda: str | None
    python: str | None
    manager: Literal["conda", "mamba", "micromamba", "pixi", "pip", "uv"]
    channels: list[str]
    index_url: str | None
    build: str | None


@shows(model.Reason)
class Reason(Contract):
    """Why this build."""

    rule: str
    text: str
    source: Source | None


@shows(model.Rejected)
class Rejected(Contract):
    """A build that is closer to the request, and why it was ruled out."""

    torch: str
    cuda: str | None
    rule: str
    text: str


@shows(model.Alternative)
class Alternative(Contract):
    """Another way."""

    command: str | None
    text: str


class Recommendation(Contract):
    """What `cudadoctor recommend --json` prints."""

    schema: Literal["cudadoctor.recommendation/1"]
    tool: Tool
    request: Annotated[dict[str, Value], Meta(description="What was asked and detected, by name.")]
    verdict: Annotated[
        Literal["ok", "outdated", "impossible", "unknown"],
        Meta(
            description="outdated: the published line runs and no longer gives what it did. "
            "unknown: a version that the tables do not have."
        ),
    ]
    command: Annotated[str | None, Meta(description="What to run.")]
    commands: Annotated[list[str], Meta(description="All lines, in order, where more than one is needed.")]
    published: Annotated[str | None, Meta(description="PyTorch's own command, unchanged.")]
    choice: Choice | None
    reasons: list[Reason]
    rejected: list[Rejected]
    alternatives: list[Alternative]
