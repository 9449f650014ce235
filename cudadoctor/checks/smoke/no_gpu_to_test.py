"""Says that the smoke test had no GPU, or too few."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, seen
from cudadoctor.checks.smoke_results import BEFORE
from cudadoctor.checks.sources import PYTORCH_INSTALL
from cudadoctor.facts.smoke import SmokeFacts


@check("SM001", severity=Severity.ERROR)
def no_gpu_to_test(smoke: SmokeFacts) -> Result:
    """The smoke test had no GPU to test, or fewer than it was told to expect.

    Why:
        A job that tests nothing and ends well is the worst of all: it stays green while every program on that machine
        computes on the CPU, or not at all. So `smoke` fails where it was to test GPUs and torch sees none.

    Fix:
        What keeps torch from the GPU stands above this in the report, with its own cure: no driver, a container
        without `--gpus`, a torch build without CUDA, `CUDA_VISIBLE_DEVICES`. On a machine that is meant to have no
        GPU, say so: `cudadoctor smoke --device cpu`. Where `--expect-gpus` asks for more than there are: look whether
        one has fallen off the bus (`nvidia-smi -L`, `lspci -d 10de:`), and whether the scheduler gave this job all of
        them.

    Harmless when:
        Never for a test of GPUs. `--device cpu` tests the CPU on purpose, and this is not asked.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    if not smoke.on_gpu or smoke.interrupted:
        return
    if smoke.gpus is None and smoke.expected is None and not _meant(smoke):
        return
    count = len(smoke.gpus or ())
    devices = next((one for one in smoke.failed if one.name in BEFORE), None)
    evidence = () if devices is None else (seen(f"smoke test {devices.name}", devices.message or devices.outcome),)
    if smoke.expected is not None and count < smoke.expected:
        message = f"{count} of {smoke.expected} expected GPUs could be tested"
    elif count == 0 and _meant(smoke):
        message = f"there was no GPU to test ({smoke.device})"
    elif devices is not None:
        message = f"torch does not see the GPUs as it must: {clean(devices.message, 160)}"
    else:
        return
    if devices is not None and devices.message and count == 0:
        message += f": {clean(devices.message, 160)}"
    yield Problem(subject="machine", message=message, evidence=evidence, source=PYTORCH_INSTALL)


def _meant(smoke: SmokeFacts) -> bool:
    """Whether anything was to compute on a GPU."""
    return smoke.level != "import" or any(one.name in ("first-touch", "build") for one in smoke.results)
