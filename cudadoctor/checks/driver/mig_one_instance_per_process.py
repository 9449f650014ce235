"""Explains why a process sees one MIG instance only."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import MIG
from cudadoctor.checks.shared.machine import gpu_shown, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import code, quoted
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_INVALID_DEVICE = 101


@check(
    "VIRT011",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("one-device-said",),
            beside=("mig-named",),
            message="with MIG a process sees one instance, so that torch counts one device",
            source=MIG,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def mig_one_instance_per_process(
    gpus: tuple[GpuFacts, ...], libcuda: LibcudaFacts, smi: SmiFacts | None, shell: ShellFacts | None
) -> Result:
    """MIG is on with several instances, and a CUDA process uses one of them only.

    Why:
        CUDA enumerates one MIG instance for a process: `torch.cuda.device_count()` is 1 however many instances there
        are, and `cuda:1` gives "invalid device ordinal". Training with several processes on instances of one GPU
        through NCCL is not possible either.

    How we know:
        nvidia-smi lists several MIG devices of a GPU and CUDA counts one device, with no MIG- name in
        CUDA_VISIBLE_DEVICES; or "invalid device ordinal" (error 101) on a GPU that is divided; or a text that speaks of
        MIG and of a device_count of 1.

    Fix:
        Start one process for each instance, each with `CUDA_VISIBLE_DEVICES=MIG-…` (names from `nvidia-smi -L`). For
        one large job: have MIG switched off by the administrator (`nvidia-smi -mig 0`).

    Harmless when:
        One instance is what the program is meant to use: with CUDA_VISIBLE_DEVICES naming one nothing is reported.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
    """
    if shell is not None and "MIG-" in shell.variables.get("CUDA_VISIBLE_DEVICES", ""):
        return
    for gpu in gpus:
        if (gpu.mig_devices or 0) > 1 and libcuda.outcome == "ok" and libcuda.device_count == 1:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{gpu_shown(gpu)} has {gpu.mig_devices} MIG instances, and a CUDA process sees one of them",
                evidence=rows(seen("cuDeviceGetCount", "1"), smi_seen(smi) if smi is not None else None),
                source=MIG,
            )


@also(mig_one_instance_per_process)
def in_messages(symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...]) -> Result:
    """A program that asked for the second device, on a GPU that is divided."""
    asked = code(symptoms, _INVALID_DEVICE)
    divided = next((gpu for gpu in gpus if gpu.mig_devices), None)
    if asked is not None and divided is not None:
        yield Problem(
            subject=str(Gpu(divided.index)),
            message=f"{gpu_shown(divided)} is divided by MIG: a process sees one instance, and there is no `cuda:1`",
            evidence=(quoted(asked),),
            source=MIG,
            severity=Severity.ERROR,
        )
