"""Says that torch sees some GPUs, and not all of them."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.facts.smoke import SmokeFacts


@check("SM008", severity=Severity.ERROR)
def fewer_gpus_than_expected(smoke: SmokeFacts) -> Result:
    """Some GPUs could be tested, and fewer than there ought to be.

    Why:
        One of several GPUs fell off the bus, was left out by `CUDA_VISIBLE_DEVICES`, by the scheduler or by the
        container's `--gpus`, or cannot be used by CUDA. A job that counts on all of them waits, or fails later.

    How we know:
        `cudadoctor smoke` counted the GPUs that torch can use, and the count is below `--expect-gpus`, or below what
        nvidia-smi lists. No GPU at all is `no-gpu-to-test`.

    Fix:
        Compare `nvidia-smi -L` with `lspci -d 10de:` and with what `cudadoctor smoke` lists. Missing on the bus: power,
        seating, `dmesg` for Xid 79. Missing only in torch: `CUDA_VISIBLE_DEVICES`, MIG, the container's options.
        Where fewer are right, expect fewer: `--expect-gpus N`.

    Harmless when:
        The GPUs were left out on purpose, and `--expect-gpus` was not brought up to date.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    count = len(smoke.gpus or ())
    if not smoke.on_gpu or smoke.interrupted or count == 0:
        return
    devices = next((one for one in smoke.failed if one.name == "devices" and one.message), None)
    if smoke.expected is not None and count < smoke.expected:
        message = f"{count} of {smoke.expected} expected GPUs could be tested"
    elif devices is not None:
        message = clean(devices.message, 160)
    else:
        return
    evidence = rows(seen("smoke test devices", devices.message or "") if devices is not None else None)
    yield Problem(subject="machine", message=message, evidence=evidence, source=PYTORCH_INSTALL)
