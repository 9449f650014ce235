"""Finds a fabric manager on a machine without NVSwitch."""

from __future__ import annotations

import re

from cudadoctor.checks.driver.fabric_manager_not_running import on_switched_board
from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import FABRIC_MANAGER
from cudadoctor.checks.shared.machine import bare, clean, names, rows, seen
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import PciFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_CONSUMER = re.compile(r"\b(?:GeForce|Quadro|TITAN|RTX [A-Z]?\d{4})", re.IGNORECASE)
_UNIT = "nvidia-fabricmanager.service"


@check("VIRT009", severity=Severity.INFO)
def fabric_manager_not_needed(
    services: ServiceFacts, pci: PciFacts, os: OsFacts, gpus: tuple[GpuFacts, ...] | None
) -> Result:
    """The fabric manager is installed on a machine that has no NVSwitch.

    Why:
        nvidia-fabricmanager manages NVSwitches, which HGX and DGX boards have. PCIe cards, with or without an NVLink
        bridge between two of them, have none: the service then ends with "Nothing to do [NV_WARN_NOTHING_TO_DO]" and
        systemd shows it as failed. The GPUs, NVLink bridges and CUDA work without it.

    How we know:
        nvidia-fabricmanager.service is enabled, and neither an NVSwitch is on the PCI bus nor a GPU whose name is that
        of an SXM module; or its own words "Nothing to do [NV_WARN_NOTHING_TO_DO]".

    Fix:
        `sudo systemctl disable --now nvidia-fabricmanager`, and remove its package if you like. Look for what does not
        work elsewhere: `nvidia-smi topo -m` shows the bridges as NV followed by a number.

    Harmless when:
        Always: a failed unit is all that it leaves.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/
    """
    known = names(gpus)
    if not bare(os) or pci.nvswitches or not known or len(known) < len(gpus or ()):
        return
    if _UNIT in services.enabled and not any(on_switched_board(name) for name in known):
        yield Problem(
            subject="machine",
            message=f"the fabric manager is started at boot, and there is no NVSwitch ({clean(known[0], 60)})",
            evidence=rows(seen("/etc/systemd/system", _UNIT), pci.seen),
            source=FABRIC_MANAGER,
        )


@also(fabric_manager_not_needed)
def in_messages(symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The fabric manager's own words; a board that has switches must have something to do."""
    nothing = first(symptoms, "fabric-nothing-to-do")
    # It fails, and every GPU is one for a PCIe slot or a laptop.
    plain = all(_CONSUMER.search(name) for name in names(gpus)) and bool(names(gpus))
    nothing = nothing or (first(symptoms, "fabric-manager-failed") if plain else None)
    if nothing is not None and not any(on_switched_board(name) for name in names(gpus)):
        yield Problem(
            subject="machine",
            message="the fabric manager finds no NVSwitch: this machine does not need it",
            evidence=(quoted(nothing),),
            source=FABRIC_MANAGER,
            severity=Severity.WARNING,
            confidence=Confidence.CERTAIN if gpus else Confidence.LIKELY,
        )
