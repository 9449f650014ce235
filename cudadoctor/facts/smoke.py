"""What came of the smoke tests: results are facts, and the checks judge them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

SmokeOutcome = Literal["pass", "fail", "skip", "timeout", "crash", "hang"]
SmokeLevel = Literal["import", "quick", "full", "burn"]


class SmokeResult(Struct, frozen=True, kw_only=True):
    """One test on one device."""

    name: str
    gpu: int | None = None
    """The device's number as torch counts here; None: the CPU, or no single GPU."""
    layer: str
    """What it proves: `driver`, `cuBLAS`, `cuDNN` …"""
    outcome: SmokeOutcome
    """pass; fail (it said why); skip (nothing to test here, or not reached); timeout (still at work at its deadline);
    hang (got nowhere any more); crash (the process ended)."""
    seconds: float | None = None
    message: str | None = None
    wrong: bool = False
    """What was computed is not what it must be; where it failed otherwise, an error was raised."""
    figures: Mapping[str, object] = field(default_factory=dict)
    suspects: tuple[str, ...] = ()
    """Names of causes, most likely first; only of what did not pass."""


class SmokeGpu(Struct, frozen=True, kw_only=True):
    """A GPU as torch counts here."""

    index: int
    name: str | None = None
    capability: str | None = None
    """`8.6`."""
    bus_id: str | None = None
    """`0000:01:00.0`."""


class SmokeFacts(Struct, frozen=True, kw_only=True):
    """One run of the smoke tests."""

    device: str
    """As asked: auto, cuda, cpu, cuda:1."""
    level: SmokeLevel
    env: str | None = None
    """The environment's prefix."""
    torch: str | None = None
    python: str | None = None
    cuda: str | None = None
    """What torch was built for."""
    gpus: tuple[SmokeGpu, ...] | None = None
    """Those that torch sees, of those asked for; None: not known; empty on the CPU too."""
    expected: int | None = None
    """`--expect-gpus`."""
    results: tuple[SmokeResult, ...] = ()
    complete: bool = True
    """False where the run was interrupted, or its time was over."""
    interrupted: bool = False

    @property
    def on_gpu(self) -> bool:
        """Whether GPUs were meant."""
        return self.device != "cpu"

    @property
    def failed(self) -> tuple[SmokeResult, ...]:
        """What was tried and did not pass."""
        return tuple(one for one in self.results if one.outcome not in ("pass", "skip"))
