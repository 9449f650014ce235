"""What nvidia-smi of a given driver prints for a machine: XML of its generation, the table, CSV and the list.

Made, not recorded: the element names and their order follow NVIDIA's DTDs as the drivers of each time printed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from .parts import Gpu

WHEN = "Mon Nov 23 09:15:02 2026"


def branch(version: str) -> int:
    """First number of a driver version."""
    return int(version.split(".", maxsplit=1)[0])


def dtd(version: str) -> int:
    """Number of the DTD that this driver names."""
    steps = ((590, 13), (520, 12), (450, 11), (410, 10), (390, 9), (375, 8), (352, 7))
    return next((number for first, number in steps if branch(version) >= first), 6)


def uuid(index: int) -> str:
    """A made-up UUID."""
    return f"GPU-{index:08x}-c0de-4a11-b0b0-{0xD0C7000 + index:012x}"


def bus_id(gpu: Gpu) -> str:
    """The bus id with the eight digits of domain that nvidia-smi prints."""
    return f"0000{gpu.bus}".upper()


def xml(gpus: Sequence[Gpu], version: str, cuda: str) -> str:
    """`nvidia-smi -q -x`."""
    head = [
        '<?xml version="1.0" ?>',
        f'<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v{dtd(version)}.dtd">',
        "<nvidia_smi_log>",
        f"\t<timestamp>{WHEN}</timestamp>",
        f"\t<driver_version>{version}</driver_version>",
    ]
    if branch(version) >= 410:  # older ones do not say which CUDA they serve
        head.append(f"\t<cuda_version>{cuda}</cuda_version>")
    head.append(f"\t<attached_gpus>{len(gpus)}</attached_gpus>")
    body = [line for index, gpu in enumerate(gpus) for line in _gpu(gpu, index, version)]
    return "\n".join([*head, *body, "</nvidia_smi_log>", ""])


def _gpu(gpu: Gpu, index: int, version: str) -> list[str]:
    lost = gpu.lost_in_smi
    number = branch(version)
    words = "[GPU is lost]" if number < 450 else "GPU is lost"

    def said(value: str) -> str:
        return words if lost else value

    lines = [f'\t<gpu id="{bus_id(gpu)}">']

    def leaf(name: str, value: object, depth: int = 2) -> None:
        lines.append("\t" * depth + f"<{name}>{escape(str(value))}</{name}>")

    def group(name: str, leaves: dict[str, object], depth: int = 2) -> None:
        lines.append("\t" * depth + f"<{name}>")
        for key, value in leaves.items():
            leaf(key, value, depth + 1)
        lines.append("\t" * depth + f"</{name}>")

    for path, value in gpu.smi_values.items():  # readers take the first value of a path
        *groups, name = path.split("/")
        lines.extend("\t\t" + f"<{one}>" for one in groups)
        leaf(name, value)
        lines.extend("\t\t" + f"</{one}>" for one in reversed(groups))
    leaf("product_name", said(gpu.name))
    leaf("product_brand", gpu.brand)
    if number >= 470:
        leaf("product_architecture", gpu.architecture)
    leaf("display_mode", "Disabled" if gpu.pci_class == "0x030200" else "Enabled")
    leaf("display_active", "Disabled")
    leaf("persistence_mode", "Enabled" if gpu.persistence else "Disabled")
    if number >= 530:
        leaf("addressing_mode", "None")
    if number >= 450:
        group("mig_mode", {"current_mig": gpu.mig or "N/A", "pending_mig": gpu.mig or "N/A"})
        if gpu.mig_devices:
            lines.append("\t\t<mig_devices>")
            for one in range(gpu.mig_devices):
                lines.append("\t\t\t<mig_device>")
                leaf("index", one, 4)
                leaf("gpu_instance_id", one + 1, 4)
                leaf("compute_instance_id", 0, 4)
                group(
                    "fb_memory_usage",
                    {
                        "total": f"{gpu.memory_mib // 8} MiB",
                        "used": "12 MiB",
                        "free": f"{gpu.memory_mib // 8 - 12} MiB",
                    },
                    4,
                )
                lines.append("\t\t\t</mig_device>")
            lines.append("\t\t</mig_devices>")
        else:
            lines += ["\t\t<mig_devices>", "\t\t\tNone", "\t\t</mig_devices>"]
    leaf("accounting_mode", "Disabled")
    leaf("accounting_mode_buffer_size", 4000)
    group("driver_model", {"current_dm": "N/A", "pending_dm": "N/A"})
    leaf("serial", "N/A")
    leaf("uuid", uuid(index))
    leaf("minor_number", index)
    leaf("vbios_version", said("90.02.1E.00.01"))
    leaf("multigpu_board", "No")
    if gpu.license is not None:
        group(
            "vgpu_software_licensed_product",
            {"licensed_product_name": "NVIDIA Virtual Compute Server", "license_status": gpu.license},
        )
    if number >= 367:
        group(
            "gpu_virtualization_mode",
            {"virtualization_mode": gpu.virtualization, **({"host_vgpu_mode": "N/A"} if number >= 450 else {})},
        )
    if number >= 560:
        leaf("gpu_recovery_action", gpu.recovery)
    if number >= 510:
        leaf("gsp_firmware_version", version if gpu.architecture in ("Hopper", "Blackwell") else "N/A")
    domain, bus, rest = gpu.bus.split(":")
    lines.append("\t\t<pci>")
    leaf("pci_bus", bus.upper(), 3)
    leaf("pci_device", rest.split(".")[0], 3)
    leaf("pci_domain", domain, 3)
    leaf("pci_device_id", f"{gpu.device_id.upper() or '0000'}10DE", 3)
    leaf("pci_bus_id", bus_id(gpu), 3)
    lines.append("\t\t\t<pci_gpu_link_info>")
    group("pcie_gen", {"max_link_gen": said("4"), "current_link_gen": said("4")}, 4)
    group("link_widths", {"max_link_width": said("16x"), "current_link_width": said("16x")}, 4)
    lines += ["\t\t\t</pci_gpu_link_info>", "\t\t</pci>"]
    leaf("fan_speed", said("N/A" if gpu.pci_class == "0x030200" else "30 %"))
    leaf("performance_state", said("P8"))
    reason = "event" if number >= 535 else "throttle"
    group(
        f"clocks_{reason}_reasons",
        {
            f"clocks_{reason}_reason_{name}": "Active" if name == "gpu_idle" else "Not Active"
            for name in ("gpu_idle", "sw_power_cap", "hw_slowdown", "hw_thermal_slowdown", "sw_thermal_slowdown")
        },
    )
    used = 3
    group(
        "fb_memory_usage",
        {
            "total": said(f"{gpu.memory_mib} MiB"),
            **({"reserved": said("310 MiB")} if number >= 510 else {}),
            "used": said(f"{used} MiB"),
            "free": said(f"{gpu.memory_mib - used} MiB"),
        },
    )
    leaf("compute_mode", said(gpu.compute_mode))
    group("utilization", {"gpu_util": said("0 %"), "memory_util": said("0 %")})
    ecc = gpu.ecc or "N/A"
    group("ecc_mode", {"current_ecc": ecc, "pending_ecc": ecc})
    count = gpu.ecc_uncorrected if gpu.ecc == "Enabled" else "N/A"
    zero = 0 if gpu.ecc == "Enabled" else "N/A"
    lines.append("\t\t<ecc_errors>")
    if number >= 450 and gpu.architecture not in ("Kepler", "Maxwell", "Pascal", "Volta", "Turing"):
        group(
            "volatile",
            {
                "sram_correctable": zero,
                "sram_uncorrectable": zero,
                "dram_correctable": zero,
                "dram_uncorrectable": count,
            },
            3,
        )
    else:
        lines.append("\t\t\t<volatile>")
        group("single_bit", {"device_memory": zero, "total": zero}, 4)
        group("double_bit", {"device_memory": count, "total": count}, 4)
        lines.append("\t\t\t</volatile>")
    lines.append("\t\t</ecc_errors>")
    if number >= 450:
        if gpu.ecc == "Enabled" and gpu.architecture not in ("Kepler", "Pascal", "Volta", "Turing"):
            group(
                "remapped_rows",
                {
                    "remapped_row_corr": 0,
                    "remapped_row_unc": 1 if gpu.remap_pending or gpu.remap_failure else 0,
                    "remapped_row_pending": "Yes" if gpu.remap_pending else "No",
                    "remapped_row_failure": "Yes" if gpu.remap_failure else "No",
                },
            )
        else:
            leaf("remapped_rows", "N/A")
    group("temperature", {"gpu_temp": said("34 C"), "gpu_temp_slow_threshold": said("92 C")})
    power = "gpu_power_readings" if number >= 530 else "power_readings"
    group(power, {"power_state": said("P8"), "power_draw": said("21.40 W")})
    group("clocks", {"graphics_clock": said("210 MHz"), "sm_clock": said("210 MHz"), "mem_clock": said("405 MHz")})
    lines.append("\t\t<processes>")
    for pid, taken in enumerate(gpu.programs, 4000):
        lines.append("\t\t\t<process_info>")
        mib = "N/A" if taken is None else f"{taken} MiB"
        for item, held in {"pid": str(pid), "type": "C", "process_name": "python", "used_memory": mib}.items():
            leaf(item, held, 4)
        lines.append("\t\t\t</process_info>")
    lines += ["\t\t</processes>", "\t</gpu>"]
    return lines


def table(gpus: Sequence[Gpu], version: str, cuda: str) -> str:
    """Plain `nvidia-smi`: three generations of the table's frame."""
    number = branch(version)
    wide = number >= 530
    width = 89 if wide else 77
    rule = "+" + "-" * width + "+"
    if number >= 610:
        title = f" NVIDIA-SMI {version:<22} KMD Version: {version:<14} CUDA UMD Version: {cuda}"
    elif wide:
        title = f" NVIDIA-SMI {version:<22} Driver Version: {version:<14} CUDA Version: {cuda}"
    elif number >= 410:
        title = f" NVIDIA-SMI {version:<12} Driver Version: {version:<12} CUDA Version: {cuda}"
    else:
        title = f" NVIDIA-SMI {version:<22} Driver Version: {version}"
    first, second = (41, 24) if wide else (31, 22)
    third = width - first - second - 2
    lines = [WHEN, rule, f"|{title:<{width}}|"]

    def row(*cells: str) -> str:
        return (
            "|"
            + "|".join(f"{cell:<{size}.{size}}" for cell, size in zip(cells, (first, second, third), strict=True))
            + "|"
        )

    def border(mark: str) -> str:
        return "|" + "+".join(mark * size for size in (first, second, third)) + "|"

    lines.append(border("-"))
    bus_title, memory_title = f"{' Bus-Id':<{second - 8}} Disp.A ", f"{'Memory-Usage':>{second - 1}} "
    persistence = f" GPU  Name{'Persistence-M':>{first - 11 if wide else first - 10}}"
    power = " Fan  Temp   Perf          Pwr:Usage/Cap" if wide else " Fan  Temp  Perf  Pwr:Usage/Cap"
    lines.append(row(persistence, bus_title, " Volatile Uncorr. ECC"))
    lines.append(row(power, memory_title, " GPU-Util  Compute M."))
    if number >= 450:
        lines.append(row("", "", "               MIG M."))
    lines.append(border("="))
    for index, gpu in enumerate(gpus):
        mode = "On " if gpu.persistence else "Off"
        room = first - 12
        name = gpu.name if len(gpu.name) <= room else gpu.name[: room - 3] + "..."
        bus = f"{bus_id(gpu) + ' Off':>{second - 1}}"
        lines.append(
            row(
                f"{index:>4}  {name:<{room}} {mode}",
                bus,
                "                    0" if gpu.ecc else "                  N/A",
            )
        )
        if gpu.lost_in_smi:
            lines.append(row(" ERR!  ERR! ERR!    ERR! / ERR!", "         GPU is lost", "   ERR!         ERR!"))
        else:
            draw = " 30%   34C    P8             21W /  250W" if wide else " 30%   34C    P8    21W / 250W"
            lines.append(
                row(draw, f"{f'3MiB / {gpu.memory_mib}MiB':>{second - 1}}", f"      0%      {gpu.compute_mode[:7]}")
            )
        if number >= 450:
            lines.append(row("", "", f"{gpu.mig or 'N/A':>{third - 2}}"))
        lines.append("+" + "+".join("-" * size for size in (first, second, third)) + "+")
    lines += [
        "",
        rule,
        f"| {'Processes:':<{width - 1}}|",
        f"|  {'GPU   GI   CI        PID   Type   Process name':<{width - 16}}GPU Memory    |",
        "|" + "=" * width + "|",
        f"|  {'No running processes found':<{width - 2}}|",
        rule,
        "",
    ]
    return "\n".join(lines)


def listing(gpus: Sequence[Gpu]) -> str:
    """`nvidia-smi -L`."""
    lines: list[str] = []
    for index, gpu in enumerate(gpus):
        lines.append(f"GPU {index}: {gpu.name} (UUID: {uuid(index)})")
        lines += [
            f"  MIG 1g.5gb Device {one}: (UUID: MIG-{one:08x}-0000-5000-8000-000000000000)"
            for one in range(gpu.mig_devices)
        ]
    return "\n".join([*lines, ""])


def csv(gpus: Sequence[Gpu], version: str, fields: Sequence[str], *, header: bool, units: bool) -> tuple[int, str]:
    """`--query-gpu=…`: exit status and text. A field that this driver does not know makes it exit 2, on stdout."""
    rows: list[str] = []
    for index, gpu in enumerate(gpus):
        mib = " MiB" if units else ""
        known = {
            "index": str(index),
            "name": gpu.name,
            "gpu_name": gpu.name,
            "uuid": uuid(index),
            "gpu_uuid": uuid(index),
            "driver_version": version,
            "count": str(len(gpus)),
            "pci.bus_id": bus_id(gpu),
            "gpu_bus_id": bus_id(gpu),
            "pci.device_id": f"0x{gpu.device_id.upper()}10DE",
            "memory.total": f"{gpu.memory_mib}{mib}",
            "memory.used": f"3{mib}",
            "memory.free": f"{gpu.memory_mib - 3}{mib}",
            "compute_mode": gpu.compute_mode,
            "persistence_mode": "Enabled" if gpu.persistence else "Disabled",
            "ecc.mode.current": gpu.ecc or "[N/A]",
        }
        if branch(version) >= 450:
            known["mig.mode.current"] = gpu.mig or "[N/A]"
        if branch(version) >= 510:
            known["compute_cap"] = gpu.capability
        unknown = next((one for one in fields if one not in known), None)
        if unknown is not None:
            return 2, f'Field "{unknown}" is not a valid field to query.\n\n'
        rows.append(
            ", ".join(
                "[GPU is lost]" if gpu.lost_in_smi and one not in ("index", "pci.bus_id") else known[one]
                for one in fields
            )
        )
    top = [", ".join(f"{one} [MiB]" if units and one.startswith("memory") else one for one in fields)] if header else []
    return 0, "\n".join([*top, *rows, ""])
