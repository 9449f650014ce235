"""Finds NVLink SHARP that cannot be set up."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NCCL_NVLS
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.symptom import Symptom


@check("CL009", severity=Severity.ERROR)
def nccl_nvls_fabric_error(symptoms: tuple[Symptom, ...]) -> Result:
    """NCCL cannot set up NVLink SHARP (NVLS): its multicast memory is refused.

    Why:
        On boards with NVSwitch of the third generation and newer NCCL lets the switches add up (NVLS). For that the
        driver binds memory to a multicast group of the fabric. It refuses where the fabric manager does not run well
        or is being restarted, where the GPUs are a part of the board only (a virtual machine, a container without the
        IMEX channel), or where another job holds the groups.

    How we know:
        NCCL's own lines: "Failed to bind NVLink SHARP (NVLS) Multicast memory of size …", or a CUDA failure that its
        log places in transport/nvls.cc.

    Fix:
        At once: `NCCL_NVLS_ENABLE=0`; NVLink itself goes on working. For good, on the host: `nvidia-smi -q | grep -A4
        Fabric` must say Completed and Success on every GPU; restart nvidia-fabricmanager with no GPU program running,
        reset the GPUs, or reboot. In a rented virtual machine or container: tell the provider.

    Harmless when:
        Never while NVLS is wanted; without it large all-reduces are somewhat slower.

    Sources:
        https://github.com/NVIDIA/nccl/blob/master/src/transport/nvls.cc
    """
    refused = first(symptoms, "nccl-nvls-failed")
    if refused is not None:
        yield Problem(
            subject="machine",
            message="NCCL cannot bind NVLink SHARP (NVLS) memory: the fabric refuses it",
            evidence=(quoted(refused),),
            source=NCCL_NVLS,
        )
