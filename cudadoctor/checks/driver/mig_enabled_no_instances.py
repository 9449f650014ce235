"""Finds MIG mode without instances."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import MIG
from cudadoctor.checks.shared.machine import gpu_shown, rows, smi_seen
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom


@check("VIRT001", severity=Severity.ERROR)
def mig_enabled_no_instances(gpus: tuple[GpuFacts, ...], smi: SmiFacts | None, libcuda: LibcudaFacts | None) -> Result:
    """MIG mode is on and no instance was made, so CUDA has no device on this GPU.

    Why:
        With MIG on, CUDA uses instances, not the whole GPU. Until a GPU instance and a compute instance exist, there
        is nothing to compute on.

    How we know:
        nvidia-smi's "MIG Mode, Current: Enabled" and no line below "MIG devices" ("No MIG devices found"), on a GPU
        that CUDA does not offer (cuInit gives 100, "no CUDA-capable device is detected").

    Fix:
        As root: `nvidia-smi mig -lgip` lists the profiles, `nvidia-smi mig -cgi 1g.10gb -C` makes an instance of one of
        them (here 1g.10gb) with its compute instance; or switch MIG off with `nvidia-smi -mig 0` and reset the GPU.
        Instances are gone after a reboot: a service such as nvidia-mig-manager makes them anew. In a container or a
        job: ask whoever runs the machine.

    Harmless when:
        An administrator or an operator makes the instances when a job asks for them. Beside GPUs that CUDA can use it
        is a warning.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
    """
    usable = [gpu for gpu in gpus if (gpu.mig_mode or "").lower() != "enabled" or gpu.mig_devices]
    for gpu in gpus:
        if (gpu.mig_mode or "").lower() != "enabled" or gpu.mig_devices:
            continue
        if gpu.mig_devices is None:
            yield Unknown(subject=str(Gpu(gpu.index)), reason="its MIG instances are not known")
            continue
        if len(gpus) == 1 and libcuda is not None and libcuda.device_count:
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"{gpu_shown(gpu)} has MIG enabled and no MIG instance",
            evidence=rows(smi_seen(smi) if smi is not None else None),
            source=MIG,
            severity=Severity.WARNING if usable else None,
        )


@also(mig_enabled_no_instances)
def in_messages(symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None) -> Result:
    """nvidia-smi's words, where a program was left without a GPU; a table that shows the mode decides by itself."""
    none = first(symptoms, "no-mig-devices")
    left = first(symptoms, "cuda-asked-for", "cuda-error-100")
    if none is not None and left is not None and not any(gpu.mig_mode for gpu in gpus or ()):
        yield Problem(
            subject="machine",
            message="MIG is enabled and no MIG instance was made",
            evidence=rows(quoted(none), quoted(left)),
            source=MIG,
            confidence=Confidence.LIKELY,
        )
