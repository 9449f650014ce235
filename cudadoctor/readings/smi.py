"""What nvidia-smi printed, as facts: the same for a live one and for a paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

if TYPE_CHECKING:
    from cudadoctor.parsers.smi import SmiReading, SmiRow


def summary(reading: SmiReading | None) -> str:
    """`driver 580.65.06, CUDA 13.0, GPUs: 1`."""
    if reading is None:
        return ""
    parts = (reading.version and f"driver {reading.version}", reading.cuda_version and f"CUDA {reading.cuda_version}")
    return ", ".join([*(part for part in parts if part), f"GPUs: {len(reading.gpus)}"])


def joined(gpus: tuple[SmiRow, ...], others: tuple[SmiRow, ...]) -> tuple[SmiRow, ...]:
    """The first ones, with those of their values that are not known taken from the same GPU among the others."""
    by_bus = {other.bus_id: other for other in others if other.bus_id}
    by_index = {other.index: other for other in others}
    result = []
    for gpu in gpus:
        other = by_bus.get(gpu.bus_id) if gpu.bus_id else by_index.get(gpu.index)
        if other is None:
            result.append(gpu)
            continue
        missing = {
            name: value for name, value in asdict(other).items() if getattr(gpu, name) is None and value is not None
        }
        result.append(replace(gpu, **missing))
    return tuple(result)
