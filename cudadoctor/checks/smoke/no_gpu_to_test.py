"""Says that the smoke test had no GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.smoke_results import BEFORE
from cudadoctor.facts.smoke import SmokeFacts


@check("SM001", severity=Severity.ERROR)
def no_gpu_to_test(smoke: SmokeFacts) -> Result:
    """The smoke test had no GPU to test.

    Why:
        A job that tests nothing and ends well is the worst of all: it stays green while every program on that machine
        computes on the CPU, or not at all. So `smoke` fails where it was to test GPUs and torch sees none.

    How we know:
        `cudadoctor smoke` was to test GPUs, and torch offered none, or its first use of CUDA failed. The result of the
        test `devices` says why.

    Fix:
        Let torch see the GPU, or test the CPU on purpose: `cudadoctor smoke --device cpu`. What keeps torch from the
        GPU stands above this in the report, with its own cure: no driver, a container without `--gpus`, a torch build
        without CUDA, `CUDA_VISIBLE_DEVICES`. On a machine that is meant to have no GPU, say so: `cudadoctor smoke
        --device cpu`.

    Harmless when:
        Never for a test of GPUs. `--device cpu` tests the CPU on purpose, and this is not asked.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    if not smoke.on_gpu or smoke.interrupted or smoke.gpus or not smoke.results or not _meant(smoke):
        return
    devices = next((one for one in smoke.failed if one.name in BEFORE), None)
    why = f": {clean(devices.message, 160)}" if devices is not None and devices.message else ""
    yield Problem(
        subject="machine",
        message=f"there was no GPU to test{why}" if smoke.gpus is not None else f"no GPU was tested{why}",
        evidence=() if devices is None else (seen(f"smoke test {devices.name}", devices.message or devices.outcome),),
        source=PYTORCH_INSTALL,
    )


def _meant(smoke: SmokeFacts) -> bool:
    """Whether a GPU was to be there: at the level `import` only where it was asked for."""
    return smoke.level != "import" or bool(smoke.expected) or any(one.name == "devices" for one in smoke.results)
