"""Notes servers whose driver unloads its state between programs."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PERSISTENCE
from cudadoctor.checks.shared.machine import bare, consumer, guest, laptop, named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts


@check("PERF003", severity=Severity.INFO)
def persistence_mode_off(smi: SmiFacts, os: OsFacts, services: ServiceFacts | None) -> Result:
    """Persistence mode is off on a server's GPU.

    Why:
        Without it the driver starts the GPU anew for each program when nothing else uses it: the first CUDA call takes
        a second or more for each GPU, and settings such as power limits are lost in between.

    How we know:
        nvidia-smi: "Persistence-M: Off" on a data-centre GPU without a display, and no nvidia-persistenced among the
        processes.

    Fix:
        `sudo systemctl enable --now nvidia-persistenced`. The daemon comes with the driver (Ubuntu and Debian:
        package nvidia-persistenced or nvidia-compute-utils-…; RHEL and its like: nvidia-persistenced). The old
        `nvidia-smi -pm 1` lasts until the next boot.

    Harmless when:
        A display runs on the GPU, or it is a desktop's, a laptop's or a guest's: then it is not reported. Where jobs
        follow one another it costs nothing but the first start.

    Sources:
        https://docs.nvidia.com/deploy/driver-persistence/persistence-daemon.html
    """
    if smi.outcome != "ok" or not bare(os) or "persistence" in ((services.running if services else None) or ()):
        return
    for gpu in smi.gpus:
        desk = gpu.display_active is not False or consumer(gpu.name) or laptop(gpu.name) or not gpu.name
        if gpu.persistence_mode is False and not desk and not guest(gpu) and not gpu.processes:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"persistence mode is off on {named(gpu)}: each program waits for the GPU to be started",
                evidence=rows(seen("nvidia-smi", "Persistence Mode: Disabled"), smi_seen(smi)),
                source=PERSISTENCE,
            )
