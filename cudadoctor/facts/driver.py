"""The driver: on the PCI bus, in the kernel, in user space."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.facts.health import GpuHealth
from cudadoctor.facts.seen import Seen
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion


class PciDevice(Struct, frozen=True, kw_only=True):
    """A display device of NVIDIA (vendor 10de, class 0300 or 0302) under /sys/bus/pci."""

    bus_id: str
    """`0000:01:00.0`."""
    device_id: str
    """`10de:1b06`."""
    driver: str | None = None
    """The kernel driver that holds it: nvidia, nouveau, vfio-pci; None: nothing does."""
    responds: bool = True
    """False where its configuration space reads as all ones: it has fallen off the bus."""
    link_width: int | None = None
    """Lanes of PCI Express in use."""
    link_width_max: int | None = None
    """Lanes that the device has."""
    port_width_max: int | None = None
    """Lanes that the slot (the port above the device) has; None where there is no such port."""


class PciFacts(Struct, frozen=True, kw_only=True):
    """NVIDIA's display devices on the PCI bus. Other functions of a card (audio, USB, NVSwitch) are left out."""

    gpus: tuple[PciDevice, ...]
    nvswitches: int = 0
    """NVSwitch bridges (class 0680)."""
    seen: Seen


class DriverFacts(Struct, frozen=True, kw_only=True):
    """The NVIDIA kernel driver and its user-space libraries."""

    loaded: bool | None = None
    """The nvidia module is in the kernel (under WSL: the Windows driver's device /dev/dxg is there)."""
    version: DriverVersion | None = None
    """Of the running kernel module; where that is not known, what nvidia-smi printed."""
    cuda_version: CudaDriverVersion | None = None
    """The newest CUDA that it supports: cuDriverGetVersion, else nvidia-smi's header."""
    module: Literal["open", "proprietary"] | None = None
    library_version: DriverVersion | None = None
    """Of the user-space libraries: the file behind libnvidia-ml.so.1 or libcuda.so.1 (cuda-compat aside)."""
    library_seen: Seen | None = None
    uvm_loaded: bool | None = None
    """The nvidia_uvm module, without which CUDA does not start."""
    other_modules: tuple[str, ...] = ()
    """Of nouveau, nova_core, vfio_pci: those that are loaded."""
    module_files: tuple[str, ...] | None = None
    """nvidia.ko files on disk for the running kernel; None where that could not be looked at."""
    installed: bool | None = None
    """Files of the driver (library, module or nvidia-smi) are on disk."""
    seen: Seen | None = None


SmiOutcome = Literal["ok", "missing", "failed", "crashed", "hangs", "slow", "unreadable"]


class SmiGpu(GpuHealth, frozen=True, kw_only=True):
    """One GPU as nvidia-smi prints it."""

    index: int
    name: str | None = None
    uuid: str | None = None
    bus_id: str | None = None
    """`0000:01:00.0`, normalised."""
    compute_capability: ComputeCapability | None = None
    """Only where this nvidia-smi prints it (driver 510 and newer)."""
    memory_total_mib: int | None = None
    memory_used_mib: int | None = None
    mig_mode: str | None = None
    mig_mode_pending: str | None = None
    mig_devices: int = 0
    persistence_mode: bool | None = None
    compute_mode: str | None = None
    """`Default`, `Exclusive_Process`, `Prohibited` …"""
    ecc_mode: str | None = None
    brand: str | None = None
    virtualization: str | None = None
    """`None`, `Pass-Through`, `VGPU`, `Host VGPU` … as printed."""
    license_status: str | None = None
    row_remap_pending: bool | None = None
    row_remap_failure: bool | None = None
    ecc_uncorrected: int | None = None
    """Volatile uncorrectable errors since the driver was loaded."""
    lost: bool = False
    """nvidia-smi itself says "GPU is lost" in place of a value of this GPU."""
    error: str | None = None
    """The first text printed in place of a value that matters here: `ERR!`, `Unknown Error`, `GPU is lost` … A fan or a
    sensor alone that cannot be read is left out: healthy GPUs have that."""
    name_cut: bool = False
    """`name` ends in "..." because the table had no room for it: it does not tell the model."""
    fabric_state: str | None = None
    """NVLink fabric (NVSwitch machines): Completed, In Progress, Not Started; `N/A` elsewhere."""
    fabric_status: str | None = None
    """`Success`, or why the GPU could not be registered."""
    recovery_action: str | None = None
    """None, Reset, Reboot, Drain P2P …: what the driver asks for (driver 560 and newer)."""


class SmiFacts(Struct, frozen=True, kw_only=True):
    """What nvidia-smi said, or how it failed. A failure is a fact."""

    outcome: SmiOutcome
    """ok; missing (no such program); failed (it said why); crashed (a signal); hangs (never answered); slow (ran out of
    the time that this run had); unreadable (it ended well and printed nothing that can be read)."""
    path: str | None = None
    exit_code: int | None = None
    signal: str | None = None
    message: str | None = None
    """Its own words where it failed: the first line that is not empty."""
    version: DriverVersion | None = None
    """The driver version that it printed."""
    cuda_version: CudaDriverVersion | None = None
    gpus: tuple[SmiGpu, ...] = ()
    seconds: float | None = None
    seen: Seen | None = None


LibcudaOutcome = Literal["ok", "missing", "failed", "crashed", "hangs", "slow"]


class CudaDevice(Struct, frozen=True, kw_only=True):
    """A device as the CUDA driver API enumerates it."""

    ordinal: int
    name: str | None = None
    compute_capability: ComputeCapability | None = None
    bus_id: str | None = None
    memory_total_mib: int | None = None


class LibcudaFacts(Struct, frozen=True, kw_only=True):
    """What libcuda.so.1 said in a child process, loaded as the loader finds it in the user's environment."""

    outcome: LibcudaOutcome
    """ok (cuInit gave 0); missing (the loader found none); failed (cuInit gave another code); crashed; hangs; slow."""
    path: str | None = None
    """The file that was really loaded, resolved."""
    cuinit: int | None = None
    """cuInit's code: 0, 34, 100, 802, 803, 804, 999 …"""
    cuinit_name: str | None = None
    """`CUDA_ERROR_NO_DEVICE`."""
    cuda_version: CudaDriverVersion | None = None
    device_count: int | None = None
    devices: tuple[CudaDevice, ...] = ()
    error: str | None = None
    """The loader's words where it could not be loaded, or the signal that ended the child."""
    seen: Seen | None = None


class DeviceNode(Struct, frozen=True, kw_only=True):
    """A device node under /dev, and whether this user can really open it."""

    path: str
    mode: int
    uid: int
    gid: int
    errno: int | None = None
    """Of a real open for reading and writing: 0 where it opened; None where it was not tried."""
