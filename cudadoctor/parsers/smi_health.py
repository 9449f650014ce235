"""Temperatures, clocks, link, memory errors and programs of a GPU, in each form of nvidia-smi's output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cudadoctor.parsers.text import flag, known

_Names = tuple[str, ...]


def _reason(name: str, words: str) -> tuple[_Names, _Names, _Names]:
    """Drivers from 535 on say "event reasons", older ones "throttle reasons"."""
    return (
        (
            f"clocks_event_reasons/clocks_event_reason_{name}",
            f"clocks_throttle_reasons/clocks_throttle_reason_{name}",
        ),
        (f"clocks event reasons/{words}", f"clocks throttle reasons/{words}"),
        (f"clocks_event_reasons.{name}", f"clocks_throttle_reasons.{name}"),
    )


FIELDS: dict[str, tuple[_Names, _Names, _Names]] = {
    # our name: (xml paths below <gpu>, paths of `-q` in lower case, csv columns in lower case); the first that is there
    "temperature": (("temperature/gpu_temp",), ("temperature/gpu current temp",), ("temperature.gpu",)),
    "slowdown": (("temperature/gpu_temp_slow_threshold",), ("temperature/gpu slowdown temp",), ()),
    "shutdown": (("temperature/gpu_temp_max_threshold",), ("temperature/gpu shutdown temp",), ()),
    "margin": (
        ("temperature/gpu_temp_tlimit",),
        ("temperature/gpu t.limit temp",),
        ("temperature.gpu.tlimit",),
    ),
    "hw-slowdown": _reason("hw_slowdown", "hw slowdown"),
    "hw-thermal-slowdown": _reason("hw_thermal_slowdown", "hw thermal slowdown"),
    "hw-power-brake": _reason("hw_power_brake_slowdown", "hw power brake slowdown"),
    "sw-thermal-slowdown": _reason("sw_thermal_slowdown", "sw thermal slowdown"),
    "idle": _reason("gpu_idle", "idle"),
    "width": (
        ("pci/pci_gpu_link_info/link_widths/current_link_width",),
        ("pci/gpu link info/link width/current", "link width/current"),
        ("pcie.link.width.current",),
    ),
    "width_max": (
        ("pci/pci_gpu_link_info/link_widths/max_link_width",),
        ("pci/gpu link info/link width/max", "link width/max"),
        ("pcie.link.width.max",),
    ),
    "gen": (
        ("pci/pci_gpu_link_info/pcie_gen/current_link_gen",),
        ("pci/gpu link info/pcie generation/current", "pcie generation/current"),
        ("pcie.link.gen.current", "pcie.link.gen.gpucurrent"),
    ),
    "gen_max": (
        ("pci/pci_gpu_link_info/pcie_gen/max_link_gen",),
        ("pci/gpu link info/pcie generation/max", "pcie generation/max"),
        ("pcie.link.gen.max",),
    ),
    "replays": (("pci/replay_counter",), ("pci/replays since reset",), ()),
    "ecc_pending": (("ecc_mode/pending_ecc",), ("ecc mode/pending",), ("ecc.mode.pending",)),
    "sram_threshold": (
        ("ecc_errors/aggregate/sram_threshold_exceeded",),
        ("ecc errors/aggregate/sram threshold exceeded", "aggregate/sram threshold exceeded"),
        (),
    ),
    "remapped": (
        ("remapped_rows/remapped_row_unc",),
        ("remapped rows/uncorrectable error",),
        ("remapped_rows.uncorrectable",),
    ),
    "exhausted": (
        ("remapped_rows/row_remapper_histogram/row_remapper_histogram_none",),
        ("remapped rows/bank remap availability histogram/none", "bank remap availability histogram/none"),
        ("remapped_rows.histogram.none",),
    ),
    "retired_single": (
        ("retired_pages/multiple_single_bit_retirement/retired_count",),
        ("retired pages/single bit ecc",),
        ("retired_pages.single_bit_ecc.count", "retired_pages.sbe"),
    ),
    "retired_double": (
        ("retired_pages/double_bit_retirement/retired_count",),
        ("retired pages/double bit ecc",),
        ("retired_pages.double_bit.count", "retired_pages.dbe"),
    ),
    "retired_pending": (
        ("retired_pages/pending_retirement", "retired_pages/pending_blacklist"),
        ("retired pages/pending page blacklist", "retired pages/pending"),
        ("retired_pages.pending",),
    ),
    "clock": (
        ("applications_clocks/graphics_clock",),
        ("applications clocks/graphics",),
        ("clocks.applications.graphics",),
    ),
    "clock_default": (
        ("default_applications_clocks/graphics_clock",),
        ("default applications clocks/graphics",),
        ("clocks.default_applications.graphics",),
    ),
    "product": (
        ("vgpu_software_licensed_product/licensed_product_name", "grid_licensed_product/licensed_product_name"),
        ("vgpu software licensed product/product name", "grid licensed product/product name"),
        (),
    ),
    "processes": (("processes_listed",), ("processes",), ()),
    "reset_required": (
        ("gpu_reset_status/reset_required",),
        ("gpu reset status/reset required",),
        ("reset_status.reset_required",),
    ),
    "display": (("display_active",), ("display active",), ("display_active",)),
}
_SLOWDOWNS = ("hw-slowdown", "hw-thermal-slowdown", "hw-power-brake", "sw-thermal-slowdown")
_LISTED = re.compile(r"(\d{1,6}) (\d{1,9}|unknown)\Z")


def read(text: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `GpuHealth`, from the values by our names."""
    told = [flag(text.get(name)) for name in _SLOWDOWNS]
    slowdowns = tuple(name for name, active in zip(_SLOWDOWNS, told, strict=True) if active)
    listed = text.get("processes", "")
    match = _LISTED.match(listed)
    return {
        "temperature_c": number(text.get("temperature")),
        "slowdown_c": number(text.get("slowdown")),
        "shutdown_c": number(text.get("shutdown")),
        "margin_c": number(text.get("margin")),
        "slowdowns": None if all(active is None for active in told) else slowdowns,
        "idle": flag(text.get("idle")),
        "link_width": number(text.get("width")),
        "link_width_max": number(text.get("width_max")),
        "link_gen": number(text.get("gen")),
        "link_gen_max": number(text.get("gen_max")),
        "link_replays": number(text.get("replays")),
        "ecc_pending": text.get("ecc_pending"),
        "sram_threshold": flag(text.get("sram_threshold")),
        "remapped_uncorrectable": number(text.get("remapped")),
        "banks_exhausted": number(text.get("exhausted")),
        "retired_single": number(text.get("retired_single")),
        "retired_double": number(text.get("retired_double")),
        "retired_pending": flag(text.get("retired_pending")),
        "application_clock_mhz": number(text.get("clock")),
        "application_clock_default_mhz": number(text.get("clock_default")),
        "licensed_product": known(text.get("product")),
        "processes": int(match.group(1)) if match else 0 if listed.lower() == "none" else None,
        "processes_memory_mib": number(match.group(2)) if match else 0 if listed.lower() == "none" else None,
        "reset_required": flag(text.get("reset_required")),
        "display_active": flag(text.get("display")),
    }


def listed(count: int, memory: list[int | None]) -> str:
    """How the readers of the forms hand over the programs that they counted."""
    total = "unknown" if None in memory else str(sum(one or 0 for one in memory))
    return f"{count} {total}"


def number(text: str | None) -> int | None:
    """The whole number at the beginning of `97 C`, `16x`, `1275 MHz`, `640 bank(s)`."""
    match = re.match(r"(-?\d{1,9})(?:\.\d+)?(?:x|\s|\Z)", text or "")
    return int(match.group(1)) if match else None
