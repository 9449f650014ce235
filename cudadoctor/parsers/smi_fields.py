"""Which name each form of nvidia-smi's output gives to a value."""

from __future__ import annotations

_Names = tuple[str, ...]
FIELDS: dict[str, tuple[_Names, _Names, _Names]] = {
    # our name: (xml paths below <gpu>, paths of `-q` in lower case, csv columns in lower case); the first that is there
    "index": ((), (), ("index",)),
    "name": (("product_name",), ("product name",), ("name", "gpu_name")),
    "uuid": (("uuid",), ("gpu uuid",), ("uuid", "gpu_uuid")),
    "bus": (("pci/pci_bus_id",), ("pci/bus id",), ("pci.bus_id", "gpu_bus_id")),
    "brand": (("product_brand",), ("product brand",), ()),
    "architecture": (("product_architecture",), ("product architecture",), ()),
    "capability": (("compute_cap", "compute_capability"), ("compute capability", "compute cap"), ("compute_cap",)),
    "total": (
        ("fb_memory_usage/total", "memory_usage/total"),
        ("fb memory usage/total", "memory usage/total"),
        ("memory.total",),
    ),
    "used": (
        ("fb_memory_usage/used", "memory_usage/used"),
        ("fb memory usage/used", "memory usage/used"),
        ("memory.used",),
    ),
    "mig": (("mig_mode/current_mig",), ("mig mode/current",), ("mig.mode.current",)),
    "mig_pending": (("mig_mode/pending_mig",), ("mig mode/pending",), ("mig.mode.pending",)),
    "persistence": (("persistence_mode",), ("persistence mode",), ("persistence_mode",)),
    "compute": (("compute_mode",), ("compute mode",), ("compute_mode",)),
    "ecc": (("ecc_mode/current_ecc",), ("ecc mode/current",), ("ecc.mode.current",)),
    "virtualization": (
        ("gpu_virtualization_mode/virtualization_mode",),
        ("gpu virtualization mode/virtualization mode",),
        (),
    ),
    "license": (
        ("vgpu_software_licensed_product/license_status", "grid_licensed_product/license_status"),
        ("vgpu software licensed product/license status", "grid licensed product/license status"),
        (),
    ),
    "remap_pending": (("remapped_rows/remapped_row_pending",), ("remapped rows/pending",), ("remapped_rows.pending",)),
    "remap_failure": (
        ("remapped_rows/remapped_row_failure",),
        ("remapped rows/remapping failure occurred",),
        ("remapped_rows.failure",),
    ),
    "model": (("driver_model/current_dm",), ("driver model/current",), ("driver_model.current",)),
    "gsp": (("gsp_firmware_version",), ("gsp firmware version",), ()),
    "fabric": (("fabric/state",), ("fabric/state",), ("fabric.state",)),
    "fabric_status": (("fabric/status",), ("fabric/status",), ("fabric.status",)),
    "fan": (("fan_speed",), ("fan speed",), ("fan.speed",)),
    "recovery": (("gpu_recovery_action",), ("gpu recovery action",), ("gpu_recovery_action",)),
}

UNCORRECTED = (
    # Every generation counts in one of these ways; the parts of one way are added.
    (
        "ecc_errors/volatile/sram_uncorrectable",
        "ecc_errors/volatile/sram_uncorrectable_parity",
        "ecc_errors/volatile/sram_uncorrectable_secded",
        "ecc_errors/volatile/dram_uncorrectable",
        "ecc errors/volatile/sram uncorrectable",
        "ecc errors/volatile/sram uncorrectable parity",
        "ecc errors/volatile/sram uncorrectable sec-ded",
        "ecc errors/volatile/dram uncorrectable",
    ),
    ("ecc_errors/volatile/double_bit/total",),
    ("ecc errors/volatile/double bit/total",),
    ("ecc.errors.uncorrected.volatile.total",),
)
