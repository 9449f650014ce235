"""Finds a compute mode that no program gets past."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import cuda_runs, milder, named, rows, seen, smi_seen
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.subject import Gpu


@check("NVS010", severity=Severity.ERROR)
def compute_mode_prohibited(smi: SmiFacts, libcuda: LibcudaFacts | None) -> Result:
    """A GPU's compute mode lets no CUDA program use it.

    Why:
        In compute mode Prohibited CUDA does not offer the GPU: with one GPU cuInit finds no device (error 100), or a
        program is told that all devices are busy or unavailable (error 46).

    How we know:
        nvidia-smi's own word for the GPU: "Compute Mode: Prohibited" (column "Compute M." of the table). Beside other
        GPUs, or while CUDA starts, it is information. Exclusive_Process is another fault: `exclusive-compute-mode`.

    Fix:
        As root: `nvidia-smi -i` with the GPU's index and `-c 0` (mode Default). The mode lasts until the driver is
        unloaded; what sets it at boot (a start script, the batch system's prologue) has to be changed as well.

    Harmless when:
        It is one card of several, kept for the display: then it is information.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    for gpu in smi.gpus:
        if "prohibited" in (gpu.compute_mode or "").lower():
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)} is in compute mode Prohibited: no CUDA program may use it",
                evidence=rows(seen("nvidia-smi", f"Compute Mode: {gpu.compute_mode}"), smi_seen(smi)),
                source=SMI,
                severity=milder(len(smi.gpus) > 1 or cuda_runs(libcuda)),
            )
