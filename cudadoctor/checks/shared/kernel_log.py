"""What several checks ask of the kernel's facts and of messages about modules. Pure, and no rule of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cudadoctor.checks.shared.machine import own_pci, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelEvent, KernelFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

DAY = 86_400.0
"""Seconds: an older fault of a GPU that answers is history."""
_OF_NVIDIA = (
    "nvidia-driver-named",
    "dkms-nvidia",
    "dkms-nvidia-listed",
    "module-not-in-directory",
    "module-not-found-by-name",
    "module-load-failed",
    "smi-no-driver",
)
"""Messages that show that a paste is about NVIDIA's driver."""


def events(kernel: KernelFacts | None, *kinds: str) -> tuple[KernelEvent, ...]:
    """Events of these kinds, in the log's order."""
    return tuple(one for one in (kernel.events if kernel else None) or () if one.kind in kinds)


def xids(kernel: KernelFacts | None, *codes: int) -> tuple[KernelEvent, ...]:
    """Xids with these codes that still stand: in a live log, not before the module was loaded anew or a day ago."""
    known = (kernel.events if kernel else None) or ()
    live = kernel is not None and kernel.live
    last_load = max((place for place, one in enumerate(known) if one.kind == "loaded"), default=-1)
    found = []
    for place, one in enumerate(known):
        old = live and (place < last_load or (one.age is not None and one.age > DAY))
        if one.kind == "xid" and one.code in codes and not old:
            found.append(one)
    return tuple(found)


def last_by_gpu(found: Iterable[KernelEvent]) -> Iterator[tuple[KernelEvent, int]]:
    """For each GPU the last event, and how many there were."""
    by: dict[str | None, list[KernelEvent]] = {}
    for one in found:
        by.setdefault(one.bus_id, []).append(one)
    for group in by.values():
        yield group[-1], len(group)


def subject(bus_id: str | None, gpus: tuple[GpuFacts, ...] | None) -> str:
    """`gpu:0` where the GPU is known by its place on the bus, or is the only one; `machine` where nothing tells."""
    known = gpus or ()
    if bus_id is not None:
        return next((str(Gpu(gpu.index)) for gpu in known if gpu.pci_bus_id == bus_id), str(Gpu(bus_id)))
    return str(Gpu(known[0].index)) if len(known) == 1 else "machine"


def answers(bus_id: str | None, kernel: KernelFacts, smi: SmiFacts | None) -> bool:
    """The GPU works now, whatever the log of this boot says. In a paste the parts may be of different times: False."""
    if not kernel.live or not smi_lists(smi) or smi is None:
        return False
    if bus_id is None:
        return True
    return any(one.bus_id == bus_id and not one.lost for one in smi.gpus)


def recovered(bus_id: str | None, smi: SmiFacts | None) -> bool:
    """The driver itself says of this GPU that nothing is to be done (560 and newer)."""
    listed = smi.gpus if smi is not None and smi.outcome == "ok" else ()
    return any(one.bus_id == bus_id and (one.recovery_action or "").lower() == "none" for one in listed)


def seen_of(*found: KernelEvent | Symptom) -> tuple[Seen, ...]:
    """Their evidence, at most three rows, each once."""
    return tuple(dict.fromkeys(one.seen for one in found))[:3]


def without_driver(
    driver: DriverFacts, os: OsFacts, pci: PciFacts | None, smi: SmiFacts | None, libcuda: LibcudaFacts | None
) -> bool:
    """A machine of its own, with a GPU, with a driver on disk, and no nvidia module in the kernel."""
    if os.container is not None or os.wsl is not None or os.jetson is not None:
        return False
    if driver.loaded is not False or not driver.installed or not own_pci(pci) or smi_lists(smi):
        return False
    return libcuda is None or libcuda.outcome != "ok"


def says_no_driver(smi: SmiFacts | None) -> bool:
    """nvidia-smi could not reach the kernel's driver."""
    return (
        smi is not None
        and smi.outcome == "failed"
        and "communicate with the nvidia driver" in (smi.message or "").lower()
    )


def speaks_of_nvidia(symptoms: tuple[Symptom, ...] | None, smi: SmiFacts | None) -> bool:
    """Something in the paste shows that its messages about kernel modules are about NVIDIA's."""
    return bool(every(symptoms, *_OF_NVIDIA)) or says_no_driver(smi)


def runs(driver: DriverFacts | None, smi: SmiFacts | None) -> bool:
    """The driver is in the kernel and answers: a message that it could not be loaded is of another time."""
    return smi_lists(smi) or (driver is not None and driver.loaded is True and smi is not None and smi.outcome == "ok")
