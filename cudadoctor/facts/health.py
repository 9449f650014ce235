"""How a GPU is, as nvidia-smi tells it."""

from __future__ import annotations

from msgspec import Struct


class GpuHealth(Struct, frozen=True, kw_only=True):
    """Temperatures, clocks, link, memory errors and programs of one GPU; None where the driver does not tell."""

    temperature_c: int | None = None
    """Of the GPU, degrees Celsius."""
    slowdown_c: int | None = None
    """The temperature from which the hardware slows it down; None on drivers that print margins in its place."""
    shutdown_c: int | None = None
    margin_c: int | None = None
    """"T.Limit": degrees that are left to the temperature from which it is slowed down (Hopper and newer)."""
    slowdowns: tuple[str, ...] | None = None
    """Of `hw-slowdown`, `hw-thermal-slowdown`, `hw-power-brake`, `sw-thermal-slowdown`: those that are active now."""
    idle: bool | None = None
    """The clocks are low because nothing runs."""
    link_width: int | None = None
    """Lanes of PCI Express in use."""
    link_width_max: int | None = None
    """Lanes that GPU and slot, or (older drivers) the GPU alone, can use."""
    link_gen: int | None = None
    link_gen_max: int | None = None
    link_replays: int | None = None
    """Packets that the PCI Express link had to send again, since the last reset."""
    ecc_pending: str | None = None
    """Enabled, Disabled: from the next reset on."""
    sram_threshold: bool | None = None
    """The count of SRAM errors passed the threshold from which NVIDIA replaces the GPU."""
    remapped_uncorrectable: int | None = None
    """Rows of memory that were replaced because of an uncorrectable error."""
    banks_exhausted: int | None = None
    """Memory banks that have no spare row left."""
    retired_single: int | None = None
    """Pages of memory retired because of correctable errors (before Ampere)."""
    retired_double: int | None = None
    """Pages of memory retired because of uncorrectable errors (before Ampere)."""
    retired_pending: bool | None = None
    """A page waits for a reset to be retired."""
    application_clock_mhz: int | None = None
    """The clock that was set for applications."""
    application_clock_default_mhz: int | None = None
    licensed_product: str | None = None
    """In a vGPU guest: the product that the licence is for."""
    processes: int | None = None
    """How many programs nvidia-smi lists on it; None where the form, or the driver, lists none at all."""
    processes_memory_mib: int | None = None
    """What those programs use together; None where it is not told of one of them."""
    reset_required: bool | None = None
    display_active: bool | None = None
    """A screen is driven by it."""
