"""Finds GPU memory that is used by no process that is listed."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import bare, guest, lends, named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts

_LEAST_MIB = 2048
_LEAST_PART = 0.1
"""What the driver itself, a display and (before 510) the memory set aside count for stays below."""
_POOLED = re.compile(r"\bG[BH]\d{2,3}\b")
"""Grace superchips: Linux has their GPU's memory in its own pool and keeps files there (NVIDIA's DGX Station guide)."""
_LISTS_ALL = 470
"""Branch from which the list has graphics programs of every card, too."""


@check("TR015", severity=Severity.WARNING)
def gpu_memory_held_by_orphan(smi: SmiFacts, os: OsFacts, services: ServiceFacts) -> Result:
    """GPU memory is in use, and nvidia-smi lists no program that uses it.

    Why:
        When a program is killed, children of it (data loaders, torchrun's workers, a debugger's target) may live on
        and hold the memory; a process that is stuck in the driver holds it, too. nvidia-smi then shows memory in use
        and an empty list.

    How we know:
        nvidia-smi shows 2 GiB or more, and a tenth of the memory, in use on a GPU without a display, lists no process
        ("No running processes found"), and neither MPS, MIG nor a guest explains it.

    Fix:
        End the processes that still have the GPU open. `sudo fuser -v /dev/nvidia*` lists every process that has the
        GPU open: end those that are yours (`kill`, then `kill -9`). Where none is left: reset the GPU as root with
        nothing using it (`nvidia-smi --gpu-reset -i` and its index), or reboot.

    Harmless when:
        The programs run where this shell cannot see them: in a container, under WSL or in a guest that the GPU is lent
        to. There nothing is reported, nor for amounts that a display or the driver needs, nor on Grace superchips
        (GH200, GB200, GB300), where Linux itself uses the GPU's memory.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome != "ok" or not bare(os) or lends(smi):
        return
    if services.running is None or {"mps-server", "mps-control"} & set(services.running):
        return
    if smi.version is None or smi.version.branch < _LISTS_ALL:
        return
    for gpu in smi.gpus:
        used, total = gpu.memory_used_mib, gpu.memory_total_mib
        if gpu.processes != 0 or not used or not total or guest(gpu) or gpu.display_active is not False:
            continue
        if _POOLED.search(gpu.name or ""):
            continue
        if (gpu.mig_mode or "").lower() == "enabled" or used < max(_LEAST_MIB, _LEAST_PART * total):
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"{named(gpu)}: {used} of {total} MiB are in use, and no program is listed that uses them",
            evidence=rows(seen("nvidia-smi", f"{used} MiB / {total} MiB, Processes: None"), smi_seen(smi)),
            source=SMI,
            confidence=Confidence.LIKELY,
        )
