"""Outputs of nvidia-smi of every generation, made from data: no text of anybody's machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

UUIDS = ("GPU-11111111-2222-3333-4444-555555555555", "GPU-66666666-7777-8888-9999-000000000000")


@dataclass(frozen=True, kw_only=True)
class Card:
    name: str = "NVIDIA Sample 9000"
    mode: str = "Off"
    bus: str = "00000000:0A:00.0"
    ecc: str = "N/A"
    fan: str = "31%"
    used: int = 123
    total: int = 24576
    memory: str | None = None
    compute: str = "Default"
    mig: str = "N/A"
    uuid: str = UUIDS[0]


@dataclass(frozen=True, kw_only=True)
class Generation:
    """How a generation of the table is laid out."""

    version: str
    cuda: str | None
    widths: tuple[int, int, int] = (31, 22, 22)
    mig_line: bool = True
    words: tuple[str, str] = ("Driver Version", "CUDA Version")
    column: str = "Persistence-M"
    plus_rule: bool = False
    smi: str | None = None


GENERATIONS = {
    "340": Generation(version="340.58", cuda=None, mig_line=False),
    "390": Generation(version="390.31", cuda=None, mig_line=False),
    "418": Generation(version="418.39", cuda="10.1", mig_line=False),
    "470": Generation(version="470.57.02", cuda="11.4"),
    "530": Generation(version="530.41.03", cuda="12.1", widths=(41, 22, 22)),
    "560": Generation(version="560.28.03", cuda="12.6", widths=(41, 24, 22), plus_rule=True),
    "610": Generation(
        version="610.11", cuda="13.3", widths=(41, 24, 22), plus_rule=True, words=("KMD Version", "CUDA UMD Version")
    ),
    "windows": Generation(version="551.23", cuda="12.4", widths=(41, 24, 22), column="TCC/WDDM"),
}


def table(made: Generation, cards: list[Card], *, mig_rows: int = 0) -> str:
    """The table as nvidia-smi prints it."""
    one, two, three = made.widths
    whole = one + two + three + 2
    rule = "+" + "-" * one + "+" + "-" * two + "+" + "-" * three + "+"
    head = f" NVIDIA-SMI {made.smi or made.version}".ljust(24) + f"{made.words[0]}: {made.version}".ljust(29)
    if made.cuda is not None:
        head += f"{made.words[1]}: {made.cuda}"
    out = ["Mon Jan  5 10:11:12 2026       ", "+" + "-" * whole + "+", "|" + head.ljust(whole) + "|"]
    out.append(rule if made.plus_rule else "|" + rule[1:])
    out.append(
        _cells(made, " GPU  Name" + made.column.rjust(one - 11), " Bus-Id        Disp.A", " Volatile Uncorr. ECC")
    )
    out.append(_cells(made, " Fan  Temp  Perf  Pwr:Usage/Cap", "Memory-Usage ".rjust(two), " GPU-Util  Compute M."))
    if made.mig_line:
        out.append(_cells(made, "", "", "MIG M. ".rjust(three)))
    out.append("|" + "=" * one + "+" + "=" * two + "+" + "=" * three + "|")
    for index, card in enumerate(cards):
        room = one - 12
        name = card.name if len(card.name) <= room else card.name[: room - 3] + "..."
        first = f" {index:3}  {name}".ljust(one - 6) + card.mode.rjust(4)
        out.append(_cells(made, first, f" {card.bus} Off".rjust(two - 1), card.ecc.rjust(three - 1)))
        amount = card.memory or f"{card.used}MiB / {card.total}MiB"
        second = f"{card.fan.rjust(4)}   40C    P8    20W / 250W"
        out.append(_cells(made, second, amount.rjust(two - 1), "0%".rjust(8) + card.compute.rjust(three - 9)))
        if made.mig_line:
            out.append(_cells(made, "", "", card.mig.rjust(three - 1)))
        out.append(rule)
    blank = " " * (whole + 2)
    if mig_rows:
        out += [blank, "+" + "-" * whole + "+", "|" + " MIG devices:".ljust(whole) + "|", "+" + "-" * whole + "+"]
        for number in range(mig_rows):
            out.append(
                "|"
                + f"  0   {number + 3:2}   0  {number:2}  |   10MiB / 4864MiB | 14      0 | 1 0 |".ljust(whole)
                + "|"
            )
            out.append("|                  |      0MiB / 8191MiB |           |       |")
    out += [blank, "+" + "-" * whole + "+", "|" + " Processes:".ljust(whole) + "|"]
    out += ["|" + "=" * whole + "|", "|" + "  No running processes found".ljust(whole) + "|", "+" + "-" * whole + "+"]
    return "\n".join(out) + "\n"


def _cells(made: Generation, *texts: str) -> str:
    return "|" + "|".join(text.ljust(width)[:width] for text, width in zip(texts, made.widths, strict=True)) + "|"


def xml(
    cards: list[Card], *, dtd: str = "v12", version: str = "570.10.01", cuda: str | None = "12.8", migs: int = 0
) -> str:
    """`nvidia-smi -q -x`, with the elements that matter."""
    out = ['<?xml version="1.0" ?>', f'<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_{dtd}.dtd">', "<nvidia_smi_log>"]
    out += [f"\t<driver_version>{version}</driver_version>"]
    if cuda is not None:
        out.append(f"\t<cuda_version>{cuda}</cuda_version>")
    out.append(f"\t<attached_gpus>{len(cards)}</attached_gpus>")
    for card in cards:
        devices = "".join(
            f"<mig_device><index>{n}</index><fb_memory_usage><total>4864 MiB</total></fb_memory_usage></mig_device>"
            for n in range(migs)
        )
        out.append(f"""\t<gpu id="{card.bus}">
\t\t<product_name>{card.name}</product_name>
\t\t<product_architecture>Sample</product_architecture>
\t\t<persistence_mode>Enabled</persistence_mode>
\t\t<mig_mode><current_mig>{card.mig}</current_mig><pending_mig>{card.mig}</pending_mig></mig_mode>
\t\t<mig_devices>{devices or "None"}</mig_devices>
\t\t<uuid>{card.uuid}</uuid>
\t\t<gpu_virtualization_mode><virtualization_mode>None</virtualization_mode></gpu_virtualization_mode>
\t\t<vgpu_software_licensed_product>
\t\t\t<license_status>Unlicensed (Restricted)</license_status>
\t\t</vgpu_software_licensed_product>
\t\t<fb_memory_usage><total>{card.total} MiB</total><used>{card.used} MiB</used></fb_memory_usage>
\t\t<bar1_memory_usage><total>256 MiB</total></bar1_memory_usage>
\t\t<compute_mode>{card.compute}</compute_mode>
\t\t<ecc_errors><volatile><sram_uncorrectable>2</sram_uncorrectable><dram_uncorrectable>1</dram_uncorrectable></volatile></ecc_errors>
\t\t<remapped_rows><remapped_row_pending>Yes</remapped_row_pending><remapped_row_failure>No</remapped_row_failure></remapped_rows>
\t\t<supported_clocks><supported_mem_clock><value>405 MHz</value></supported_mem_clock></supported_clocks>
\t\t<processes><process_info><process_name>a & b <tool></process_name></process_info></processes>
\t</gpu>""")
    return "\n".join([*out, "</nvidia_smi_log>"]) + "\n"


def log(
    cards: list[Card], *, migs: int = 0, header: tuple[str, ...] = ("Driver Version : 570.10.01", "CUDA Version : 12.8")
) -> str:
    """`nvidia-smi -q`, with the lines that matter."""
    out = ["", "==============NVSMI LOG==============", "", *header, "", f"Attached GPUs : {len(cards)}"]
    for card in cards:
        out += [f"GPU {card.bus}", f"    Product Name                          : {card.name}", "    MIG Mode"]
        out += [
            f"        Current                           : {card.mig}",
            f"        Pending                           : {card.mig}",
        ]
        for number in range(migs):
            out += [
                "    MIG Device",
                f"        Index                             : {number}",
                "        FB Memory Usage",
            ]
            out += ["            Total                         : 4864 MiB"]
        out += [f"    GPU UUID                              : {card.uuid}", "    vGPU Software Licensed Product"]
        out += [
            "        Product Name                      : Something Else",
            "        License Status                    : Licensed",
        ]
        out += ["    FB Memory Usage", f"        Total                             : {card.total} MiB"]
        out += [f"        Used                              : {card.used} MiB", "    BAR1 Memory Usage"]
        out += [
            "        Total                             : 256 MiB",
            f"    Compute Mode                          : {card.compute}",
        ]
        out += [
            "    ECC Errors",
            "        Volatile",
            "            Double Bit",
            "                Total                     : 3",
        ]
        out += ["        Aggregate", "            Double Bit", "                Total                     : 9"]
        out += [
            "    Remapped Rows",
            "        Pending                           : No",
            "    Processes",
            "        Process ID : 1",
        ]
        out += ["            Name                          : C:\\a.exe : b", ""]
    return "\n".join(out)


def second(card: Card) -> Card:
    """Another card beside it."""
    return replace(card, bus="00000009:C1:00.0", uuid=UUIDS[1], used=7)
