"""Finds NVSwitch machines whose fabric is not ready."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import FABRIC_MANAGER
from cudadoctor.checks.shared.machine import clean, cuinit_seen, cuinit_text, names, rows, seen
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.symptom import Symptom

_SYSTEM_NOT_READY = 802
# Modules for boards with NVSwitch. PCIe cards and "NVL" pairs have bridges, not switches.
_SWITCHED = re.compile(r"\b(?:SXM\d?|HGX|DGX|HBM3|H20|H200|H800|B200|B300|GB200|GB300)\b")


def on_switched_board(name: str | None) -> bool:
    """The GPU's name is that of a module which sits on a board with NVSwitch."""
    text = (name or "").replace("-", " ").upper()
    return bool(_SWITCHED.search(text)) and "PCIE" not in text and not re.search(r"\bNVL\b", text)


def _waits(state: str | None) -> bool:
    return (state or "").lower() in ("in progress", "not started")


@check("VIRT003", severity=Severity.ERROR)
def fabric_manager_not_running(
    libcuda: LibcudaFacts,
    gpus: tuple[GpuFacts, ...] | None,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    services: ServiceFacts | None,
) -> Result:
    """The NVSwitch fabric is not ready: the fabric manager does not run.

    Why:
        On boards with NVSwitch (HGX, DGX: SXM modules) CUDA waits for nvidia-fabricmanager to set the switches up.
        Until then cuInit gives error 802 ("system not yet initialized"), and nvidia-smi works.

    How we know:
        cuInit gives 802 (CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized") and the machine has NVSwitches
        (PCI), SXM modules by name, or a GPU with "Fabric State: In Progress". In a text error 802 decides, unless the
        GPU is known to sit on no such board or confidential computing is on.

    Fix:
        Install the fabric manager of exactly the driver's version and start it: `sudo systemctl enable --now
        nvidia-fabricmanager`. Ubuntu's archive: package `nvidia-fabricmanager-580` with the driver's branch; NVIDIA's
        repositories: `nvidia-fabricmanager` (before 580 `nvidia-fabricmanager-570` for apt, `nvidia-fabric-manager` for
        dnf). On boards with NVLink 5 (B100, B200, B300) it needs `nvlsm`, `infiniband-diags` and the module ib_umad.
        In a virtual machine or a container it runs on the host.

    Harmless when:
        The fabric is still being set up shortly after the start: wait a minute.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/
    """
    if libcuda.cuinit != _SYSTEM_NOT_READY:
        return
    switches = pci.nvswitches if pci is not None else 0
    named = next((gpu for gpu in gpus or () if on_switched_board(gpu.name)), None)
    waiting = next((gpu for gpu in (smi.gpus if smi is not None else ()) if _waits(gpu.fabric_state)), None)
    if not switches and named is None and waiting is None:
        return
    runs = "fabric-manager" in ((services.running if services else None) or ())
    board = clean(named.name, 60) if named is not None else "nvidia-smi shows a fabric"
    what = f"{switches} NVSwitches" if switches else f"an NVSwitch board ({board})"
    yield Problem(
        subject="machine",
        message=f"this machine has {what}, and its fabric is not ready: {cuinit_text(libcuda)}",
        evidence=rows(
            cuinit_seen(libcuda),
            pci.seen if pci is not None and switches else None,
            seen("nvidia-smi", f"Fabric State: {waiting.fabric_state}") if waiting is not None else None,
            seen("processes", "nv-fabricmanager runs; its log is /var/log/fabricmanager.log") if runs else None,
        ),
        source=FABRIC_MANAGER,
        confidence=Confidence.POSSIBLE if runs else Confidence.CERTAIN if waiting is not None else Confidence.LIKELY,
    )


@also(fabric_manager_not_running)
def in_messages(
    symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None, libcuda: LibcudaFacts | None
) -> Result:
    """Error 802 in a paste. A GPU that is known to sit on no such board has another reason for it."""
    waits = code(symptoms, _SYSTEM_NOT_READY)
    stopped = first(symptoms, "fabric-manager-stopped", "fabric-manager-failed")
    if waits is None or (libcuda is not None and libcuda.outcome == "ok"):
        return
    if first(symptoms, "confidential-not-ready", "confidential-on") is not None:
        return
    known = names(gpus)
    board = next((name for name in known if on_switched_board(name)), None)
    if known and board is None:
        return
    yield Problem(
        subject="machine",
        message="CUDA waits for the NVSwitch fabric (error 802, system not yet initialized)"
        + (f" on a board with {clean(board, 60)}" if board else ""),
        evidence=rows(quoted(waits), quoted(stopped) if stopped is not None else None),
        source=FABRIC_MANAGER,
        confidence=Confidence.CERTAIN if stopped is not None else Confidence.LIKELY,
    )
