"""The keys of `cudadoctor.smoke/1`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

from cudadoctor.facts import smoke as inner
from cudadoctor.render.contract import Contract, Evidence, FindingId, Name, Rules, Tool, fill, shows
from cudadoctor.render.report.contract import Confidence, Severity


class Torch(Contract):
    """The torch that was tested."""

    torch: str | None = field(name="version")
    python: str | None
    cuda: str | None


@shows(inner.SmokeGpu)
class Gpu(Contract):
    """A GPU that torch sees."""

    index: int
    name: str | None
    capability: str | None = field(name="compute_capability")


class Result(Contract):
    """One test on one device."""

    name: str
    gpu: Annotated[int | None, Meta(description="As torch counts here; null: the CPU, or no single GPU.")]
    layer: str
    outcome: Literal["pass", "fail", "skip", "timeout", "crash", "hang"]
    seconds: float | None
    message: str | None
    figures: dict[str, Any]
    remark: Annotated[str | None, Meta(description="The share of the data sheet's rate: information.")]
    suspects: list[Name]
    next: Annotated[str | None, Meta(description="What to type; null where nothing failed.")]


class Finding(Contract):
    """What examining the machine found about a failure."""

    computed: ClassVar[Rules] = {
        "severity": lambda one: one.severity.word,
        "confidence": lambda one: one.confidence.word,
    }
    id: FindingId
    code: str
    name: str
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    evidence: list[Evidence]
    because_of: list[str]


class Smoke(Contract):
    """What `cudadoctor smoke --json` prints."""

    computed: ClassVar[Rules] = {"torch": lambda one: fill(Torch, one)}
    schema: Literal["cudadoctor.smoke/1"]
    tool: Tool
    status: Literal["passed", "failed"]
    sentence: Annotated[str, Meta(description="One line: what was proved, or what failed and why.")]
    device: Annotated[str, Meta(pattern="^(auto|cuda|cuda:[0-9]+|cpu)$")]
    level: Literal["import", "quick", "full", "burn"]
    env: Annotated[str | None, Meta(description="The environment's prefix.")]
    torch: Torch
    gpus: Annotated[
        list[Gpu] | None,
        Meta(description="Those that torch sees, of those asked for; null: not known; empty on the CPU."),
    ]
    expected: int | None = field(name="expect_gpus")
    complete: Annotated[bool, Meta(description="False where the run was interrupted or its time was over.")]
    interrupted: bool
    root_causes: list[Name]
    results: list[Result]
    findings: list[Finding]
