"""One list of GPUs from everything that saw one, and the driver's versions from everything that told one.

`Facts.gpus` are the GPUs that exist on the machine as far as can be seen: what nvidia-smi lists, what CUDA enumerates,
and NVIDIA's display devices on the PCI bus. So a GPU without a driver counts, and so does one of the host that a
container sees under /sys and may not use: the facts `smi`, `libcuda` and `nodes` say what can be reached. The list is
empty only where the PCI bus could be read and has none, nothing else saw one, and the machine is none whose GPU is no
PCI device (WSL, Jetson). Otherwise it is not known, and a gap says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import (
    CudaDevice,
    DriverFacts,
    LibcudaFacts,
    PciDevice,
    PciFacts,
    SmiFacts,
    SmiGpu,
)
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.parsers.text import bus_id as normal_bus_id
from cudadoctor.parsers.text import flag
from cudadoctor.versions import ComputeCapability


def merge(
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
) -> tuple[tuple[GpuFacts, ...] | None, DriverFacts | None, tuple[Gap, ...]]:
    """The GPUs, the driver with its versions filled in, and what is not known."""
    listed = smi.gpus if smi else ()
    devices = libcuda.devices if libcuda else ()
    on_bus = pci.gpus if pci else ()
    gpus = tuple(_gpus(listed, devices, on_bus))
    known = gpus if gpus or _none_certainly(pci, os) else None
    return known, _driver(driver, smi, libcuda), _gaps(gpus, pci, smi, libcuda, os)


def _none_certainly(pci: PciFacts | None, os: OsFacts | None) -> bool:
    """Whether an empty list means that there is none."""
    return pci is not None and not (os is not None and (os.wsl or os.jetson))


def _gaps(
    gpus: tuple[GpuFacts, ...],
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    os: OsFacts | None,
) -> tuple[Gap, ...]:
    if gpus:
        unknown = [gpu for gpu in gpus if gpu.compute_capability is None]
        reason = "neither nvidia-smi nor CUDA told it, and the tables do not have the device"
        return tuple(Gap(fact=f"gpus.{gpu.index}.compute_capability", reason=reason) for gpu in unknown)
    if _none_certainly(pci, os):
        return ()
    where = "WSL" if os and os.wsl else "a Jetson" if os and os.jetson else None
    told = f"nvidia-smi: {smi.outcome if smi else 'not asked'}; libcuda: {libcuda.outcome if libcuda else 'not asked'}"
    why = f"on {where} the GPU is no PCI device" if where else "the PCI bus could not be read"
    return (Gap(fact="gpus", reason=f"{why}, and nothing else shows a GPU ({told})"),)


def _gpus(listed: Sequence[SmiGpu], devices: Sequence[CudaDevice], on_bus: Sequence[PciDevice]) -> Iterator[GpuFacts]:
    """nvidia-smi's GPUs first and by its index, then CUDA's and the bus's others."""
    pci_by_bus = {_bus(device.bus_id): device for device in on_bus}
    whole = [device for device in devices if not _is_instance(device)]
    used: set[str] = set()
    taken: set[int] = set()
    for gpu in listed:
        bus = _bus(gpu.bus_id)
        used.update({bus} if bus else ())
        taken.add(gpu.index)
        yield _merged(gpu.index, gpu, _same(gpu, bus, devices), pci_by_bus.get(bus))
    # CUDA may show instances of a GPU in MIG mode in its place, and those have its bus id.
    for device in devices:
        bus = _bus(device.bus_id)
        if (bus and bus in used) or (bus is None and (listed or device not in whole)):
            continue
        used.update({bus} if bus else ())
        yield _merged(_next(taken), None, device, pci_by_bus.get(bus))
    for found in on_bus:
        bus = _bus(found.bus_id)
        if bus not in used:
            used.update({bus} if bus else ())
            yield _merged(_next(taken), None, None, found)


def _next(taken: set[int]) -> int:
    index = next(number for number in range(len(taken) + 1) if number not in taken)
    taken.add(index)
    return index


def _bus(text: str | None) -> str | None:
    return normal_bus_id(text) if text else None


def _is_instance(device: CudaDevice) -> bool:
    """Whether it is a MIG instance: CUDA puts "MIG 1g.5gb" behind the GPU's name."""
    return " MIG " in f"{device.name or ''} "


def _same(gpu: SmiGpu, bus: str | None, devices: Sequence[CudaDevice]) -> CudaDevice | None:
    """CUDA's device for that GPU, by bus id; where there is none by name, if all of that name are alike.

    Ordinals do not tell: CUDA_VISIBLE_DEVICES and "fastest first" make another order of them than nvidia-smi's.
    """
    if bus:
        by_bus = next((device for device in devices if _bus(device.bus_id) == bus), None)
        if by_bus is not None:
            return by_bus
    if gpu.name is None or gpu.name_cut:
        return None
    named = [device for device in devices if device.name == gpu.name and (not bus or _bus(device.bus_id) is None)]
    return named[0] if len({device.compute_capability for device in named}) == 1 else None


def _merged(index: int, gpu: SmiGpu | None, device: CudaDevice | None, found: PciDevice | None) -> GpuFacts:
    row_name, row_capability = _row(found)
    name = _name(gpu, device)
    capability, source = _capability(gpu, device, name, row_capability)
    memory = gpu.memory_total_mib if gpu else None
    if memory is None and device is not None and not _is_instance(device):
        memory = device.memory_total_mib
    mig = flag(gpu.mig_mode) if gpu else None
    return GpuFacts(
        index=index,
        name=name or row_name or (gpu.name if gpu else None),
        pci_bus_id=next((bus for one in (gpu, device, found) if one and (bus := _bus(one.bus_id))), None),
        compute_capability=capability,
        capability_from=source,
        memory_total_mib=memory,
        mig_mode=None if mig is None else "enabled" if mig else "disabled",
        mig_devices=gpu.mig_devices if gpu and mig is not None else None,
        lost=bool(gpu and gpu.lost),
    )


def _name(gpu: SmiGpu | None, device: CudaDevice | None) -> str | None:
    """A name that tells the model: not one that the table had no room for, nor that of an instance."""
    if gpu is not None and gpu.name is not None and not gpu.name_cut:
        return gpu.name
    return device.name.partition(" MIG ")[0] if device is not None and device.name else None


def _capability(
    gpu: SmiGpu | None, device: CudaDevice | None, name: str | None, row: ComputeCapability | None
) -> tuple[ComputeCapability | None, str | None]:
    """From the device itself where it told; else from the tables, by PCI id before name."""
    if gpu is not None and gpu.compute_capability is not None:
        return gpu.compute_capability, "nvidia-smi"
    if device is not None and device.compute_capability is not None:
        return device.compute_capability, "libcuda"
    if row is not None:
        return row, "PCI id"
    if name is not None:
        from cudadoctor.compat import gpus as table

        by_name = table.capability_by_name(name)
        if by_name is not None:
            return by_name, "name"
    return None, None


def _row(found: PciDevice | None) -> tuple[str | None, ComputeCapability | None]:
    if found is None:
        return None, None
    from cudadoctor.compat import gpus as table

    row = table.by_pci_id(found.device_id)
    return (row.name, row.compute_capability) if row is not None else (None, None)


def _driver(driver: DriverFacts | None, smi: SmiFacts | None, libcuda: LibcudaFacts | None) -> DriverFacts | None:
    """The version of the running module, else nvidia-smi's; the CUDA version from libcuda, else nvidia-smi's header.

    Where nvidia-smi or CUDA reached a GPU, the driver is loaded, whatever a sandbox shows under /sys; and cuInit needs
    nvidia_uvm.
    """
    printed = smi.version if smi else None
    if driver is None:
        if printed is None:
            return None
        driver = DriverFacts(seen=smi.seen if smi else None)
    works = libcuda is not None and libcuda.outcome == "ok" and bool(libcuda.devices)
    talks = works or bool(smi and smi.outcome == "ok" and printed and smi.gpus)
    return replace(
        driver,
        loaded=True if talks else driver.loaded,
        uvm_loaded=True if works and driver.uvm_loaded is False else driver.uvm_loaded,
        version=driver.version or printed,
        cuda_version=(libcuda.cuda_version if libcuda else None)
        or (smi.cuda_version if smi else None)
        or driver.cuda_version,
        seen=driver.seen or (smi.seen if smi and printed else None),
    )
