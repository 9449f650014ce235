"""Says that CUDA counts the GPUs in another order than nvidia-smi."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import DEVICE_ORDER
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var

_VARIABLE = "CUDA_DEVICE_ORDER"


@check("ENV008", severity=Severity.INFO)
def device_order_differs(gpus: tuple[GpuFacts, ...], shell: ShellFacts, libcuda: LibcudaFacts | None) -> Result:
    """CUDA's first GPU is not nvidia-smi's: the indices name different cards.

    Why:
        nvidia-smi counts by the place on the PCI bus, CUDA by default from the fastest down. With cards of different
        models `cuda:0` and `CUDA_VISIBLE_DEVICES=0` may mean another card than nvidia-smi's 0.

    How we know:
        CUDA itself is asked for the bus id of each of its devices, and nvidia-smi's numbers name other models.

    Fix:
        `export CUDA_DEVICE_ORDER=PCI_BUS_ID`, before the program starts; then both count alike.

    Harmless when:
        No program chooses a card by its number.

    Sources:
        https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    """
    names = {gpu.name for gpu in gpus}
    if len(gpus) < 2 or len(names) < 2 or shell.variables.get(_VARIABLE) or "CUDA_VISIBLE_DEVICES" in shell.variables:
        return
    by_bus = {gpu.pci_bus_id: gpu for gpu in gpus}
    devices = libcuda.devices if libcuda is not None else ()
    if len(devices) != len(gpus) or any(one.bus_id not in by_bus for one in devices):
        yield Unknown(subject=str(Var(_VARIABLE)), reason="in which order CUDA counts the GPUs is not known")
        return
    moved = [(one, by_bus[one.bus_id]) for one in devices if by_bus[one.bus_id].index != one.ordinal]
    # Cards of one model may change places among themselves without anybody noticing.
    odd = next(((one, gpu) for one, gpu in moved if gpu.name != gpus[one.ordinal].name), None)
    if odd is not None:
        device, gpu = odd
        yield Problem(
            subject=str(Var(_VARIABLE)),
            message=f"CUDA's device {device.ordinal} is nvidia-smi's GPU {gpu.index} ({clean(gpu.name, 80)})",
            evidence=rows(seen(_VARIABLE, "(not set)"), libcuda.seen if libcuda is not None else None),
            source=DEVICE_ORDER,
        )
