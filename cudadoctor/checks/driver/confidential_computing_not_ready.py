"""Finds GPUs in a confidential machine that were not released for work."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CONFIDENTIAL
from cudadoctor.checks.shared.machine import rows
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.symptom import Symptom

_SYSTEM_NOT_READY = 802


@check("VIRT006", severity=Severity.ERROR)
def confidential_computing_not_ready(symptoms: tuple[Symptom, ...]) -> Result:
    """Confidential computing is on, and the GPU was not set ready.

    Why:
        In a confidential virtual machine (Hopper and newer) the GPU takes no work until it was attested and set
        "ready". Until then CUDA gives error 802 ("system not yet initialized"), and nvidia-smi works.

    How we know:
        `nvidia-smi conf-compute -grs` prints "Confidential Compute GPUs Ready state: not ready", or error 802
        (CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized") stands beside "CC status: ON". Error 802 without it
        is the NVSwitch fabric: `fabric-manager-not-running`.

    Fix:
        As root: `nvidia-smi conf-compute -grs` shows the state, `nvidia-smi conf-compute -srs 1` sets it, after the
        attestation that the site asks for. Keep persistence on (`nvidia-persistenced --uvm-persistence-mode`): without
        it the state is lost when the last program ends.

    Harmless when:
        The machine is still being attested.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/620/api/group__nvmlConfidentialComputingDefs.html
        https://docs.nvidia.com/confidential-computing/containers/configure-cc-mode
    """
    state = first(symptoms, "confidential-not-ready")
    waits = code(symptoms, _SYSTEM_NOT_READY)
    if state is not None:
        yield Problem(
            subject="machine",
            message="the GPU runs in confidential computing mode and was not set ready",
            evidence=rows(quoted(state), quoted(waits) if waits is not None else None),
            source=CONFIDENTIAL,
        )
    elif waits is not None and (on := first(symptoms, "confidential-on")) is not None:
        yield Problem(
            subject="machine",
            message="CUDA waits for the system (error 802) on a machine with confidential computing",
            evidence=(quoted(waits), quoted(on)),
            source=CONFIDENTIAL,
            confidence=Confidence.LIKELY,
        )
