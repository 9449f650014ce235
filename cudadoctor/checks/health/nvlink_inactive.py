"""Finds NVLinks that are down, and GPUs that the fabric did not take."""

from __future__ import annotations

from cudadoctor.checks.driver.fabric_manager_not_running import on_switched_board
from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import NVLINK_HEALTH
from cudadoctor.checks.shared.machine import clean, named, names, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_WELL = ("success", "n/a", "not supported", "none", "")


@check("HLTH006", severity=Severity.WARNING)
def nvlink_inactive(smi: SmiFacts) -> Result:
    """NVLinks of a GPU are down, or the NVSwitch fabric did not take it.

    Why:
        On boards with NVSwitch every link of every GPU is up. A link that is down halves nothing by itself, but NCCL
        then takes another way, or fails; a GPU whose fabric status is no success cannot reach its neighbours.

    How we know:
        `nvidia-smi -q`: "Fabric, State: Completed" with a Status that is no success; or `nvidia-smi nvlink -s` with
        links "<inactive>" beside others that are up, or on an SXM board.

    Fix:
        See which links are down; then restart nvidia-fabricmanager, reset the GPUs, or reboot. `nvidia-smi nvlink -s`
        shows each link, `nvidia-smi -q | grep -A2 Fabric` the fabric's state, and /var/log/fabricmanager.log its
        reasons. With no GPU program running: restart nvidia-fabricmanager, then reset all GPUs together, then reboot. A
        link that stays down needs service (a bridge: seat it anew).

    Harmless when:
        All links are inactive on PCIe cards: there is no bridge between them, and nothing is reported.

    Sources:
        https://docs.nvidia.com/health-validation/reference/checks/nvlink
    """
    for gpu in smi.gpus:
        status = clean(gpu.fabric_status, 60)
        if (gpu.fabric_state or "").lower() == "completed" and status.lower() not in _WELL:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)} is not a part of the NVLink fabric: {status}",
                evidence=rows(seen("nvidia-smi, Fabric", f"State Completed, Status {status}"), smi_seen(smi)),
                source=NVLINK_HEALTH,
                confidence=Confidence.LIKELY,
            )


@also(nvlink_inactive)
def in_messages(symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None) -> Result:
    """`nvidia-smi nvlink -s` in a paste: some up and some down; or all down on a board that lives of them."""
    down, up = first(symptoms, "nvlink-down"), first(symptoms, "nvlink-up")
    if down is None:
        return
    switched = any(on_switched_board(name) for name in names(gpus))
    if up is not None or switched:
        yield Problem(
            subject="machine",
            message="some NVLinks are inactive" + (", and others are up" if up is not None else ""),
            evidence=rows(quoted(down), quoted(up) if up is not None else None),
            source=NVLINK_HEALTH,
            confidence=Confidence.LIKELY,
        )
