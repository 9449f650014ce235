"""What the checks of smoke results have in common. Pure, and no rule of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cudadoctor.checks.engine.base import Problem, Severity, Source
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts, SmokeResult
from cudadoctor.facts.subject import Env, Gpu

MEMORY = ("memory-patterns",)
EXCHANGE = ("peer-access", "all-reduce")
BEFORE = ("build", "devices")
"""These tell that there is nothing to test; `no-gpu-to-test` says so."""


def subject(result: SmokeResult, smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> str:
    """The GPU by nvidia-smi's number, which may be another one than torch's; else the environment."""
    if result.gpu is None:
        return "machine" if smoke.env is None or result.name in EXCHANGE else str(Env(smoke.env))
    bus = next((one.bus_id for one in smoke.gpus or () if one.index == result.gpu), None)
    found = next((one.index for one in gpus or () if bus is not None and one.pci_bus_id == bus), None)
    return str(Gpu(result.gpu if found is None else found))


def problems(
    results: Iterable[SmokeResult],
    smoke: SmokeFacts,
    gpus: tuple[GpuFacts, ...] | None,
    what: str,
    source: Source,
) -> Iterator[Problem]:
    """One problem for each subject: its first failure, with the others named."""
    by_subject: dict[str, list[SmokeResult]] = {}
    for result in results:
        by_subject.setdefault(subject(result, smoke, gpus), []).append(result)
    for place, found in by_subject.items():
        first = found[0]
        more = f" ({len(found) - 1} more: {', '.join(one.name for one in found[1:4])})" if found[1:] else ""
        where = f"GPU {place[4:]}" if place.startswith("gpu:") else "the GPUs" if smoke.on_gpu else "the CPU"
        why = f": {clean(first.message, 200)}" if first.message else ""
        yield Problem(
            subject=place,
            message=f"{what.format(where=where)} in the test `{first.name}` ({first.layer}){why}{more}",
            evidence=tuple(seen(f"smoke test {one.name}", one.message or one.outcome) for one in found[:4]),
            source=source,
            severity=Severity.ERROR,
        )
