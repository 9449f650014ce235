"""Finds virtual GPUs whose profile has no CUDA."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import VGPU_PROFILES
from cudadoctor.checks.shared.machine import clean, cuda_runs, rows, vgpu_series
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_REFUSALS = tuple(f"cuda-error-{number}" for number in (46, 100, 101, 800, 999))


@check("VIRT005", severity=Severity.ERROR)
def vgpu_profile_without_cuda(
    gpus: tuple[GpuFacts, ...], libcuda: LibcudaFacts | None, symptoms: tuple[Symptom, ...] | None
) -> Result:
    """The virtual GPU's profile is one without CUDA.

    Why:
        The last letter of a vGPU's name is its series: Q (workstation) and C (compute) have CUDA, B (desktop) and A
        (applications) are for graphics and have none. nvidia-smi works with all of them.

    How we know:
        The last letter of the GPU's name (`GRID T4-2B`, `A40-8A`) is B or A, and CUDA does not start or a text has
        error 46, 100, 101, 800 or 999.

    Fix:
        Nothing inside the guest cures it. The administrator of the hypervisor gives the machine a profile of series C
        or Q (`A40-8C` in place of `A40-8A`) with the licence that belongs to it.

    Harmless when:
        The machine is for graphics only. Where CUDA works nothing is reported.

    Sources:
        https://docs.nvidia.com/vgpu/12.0/grid-licensing-user-guide/index.html
        https://docs.nvidia.com/vgpu/10.0/grid-vgpu-user-guide/index.html
    """
    refused = first(symptoms, *_REFUSALS)
    failed = libcuda is not None and libcuda.outcome in ("ok", "failed") and not cuda_runs(libcuda)
    if cuda_runs(libcuda) or not (failed or refused):
        return
    for gpu in gpus:
        series = vgpu_series(gpu.name)
        if series in ("A", "B"):
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"the virtual GPU {clean(gpu.name, 60)} has a profile of series {series}, which has no CUDA",
                evidence=rows(
                    Seen(where="the GPU's name", text=clean(gpu.name, 60)),
                    quoted(refused) if refused is not None else None,
                    libcuda.seen if failed and libcuda is not None else None,
                ),
                source=VGPU_PROFILES,
                confidence=Confidence.LIKELY,
            )
