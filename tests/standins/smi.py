"""Scripted stand-ins for nvidia-smi: real programs that print what they are given, or fail in one of its ways."""

from __future__ import annotations

import shlex
from pathlib import Path

REFUSED = "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n"


def make_smi(
    folder: Path,
    *,
    xml: str | None = None,
    table: str | None = None,
    csv: str | None = None,
    capabilities: str | None = None,
    everything: str | bytes | None = None,
    stderr: str = "",
    status: int = 0,
    signal: str | None = None,
    hang: bool = False,
    busy: bool = False,
) -> Path:
    """Write `folder/nvidia-smi` and give its path. Each start adds a line with its arguments to `folder/calls`.

    `xml` answers `-q -x`, `table` a call without arguments, `capabilities` a query of compute_cap and `csv` any other
    query; one that is not given is refused as nvidia-smi refuses it (status 2). `everything` answers whatever is
    asked. After printing it writes `stderr`, then dies of `signal` ("SEGV"), sleeps for an hour (`hang`), spins
    (`busy`), or ends with `status`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forms = {"xml": xml, "table": table, "csv": csv, "capabilities": capabilities}
    cases = {"capabilities": "*compute_cap*", "csv": "*--query-gpu*", "xml": "*-q*-x*|*-x*-q*", "table": "''"}
    arms = []
    for name, pattern in cases.items():
        content = everything if everything is not None else forms[name]
        if content is not None:
            data = folder / f"answer.{name}"
            data.write_bytes(content.encode() if isinstance(content, str) else content)
            arms.append(f"  {pattern}) cat {shlex.quote(str(data))} ;;")
    end = f"exit {status}"
    if signal is not None:
        end = f"kill -s {signal} $$"
    elif hang:
        end = "exec sleep 3600"
    elif busy:
        end = "while :; do :; done"
    script = [
        "#!/bin/sh",
        f'echo "$*" >> {shlex.quote(str(folder / "calls"))}',
        'case "$*" in',
        *arms,
        f"  *) printf %s {shlex.quote(REFUSED)}; exit 2 ;;",
        "esac",
        *([f"printf %s {shlex.quote(stderr)} >&2"] if stderr else []),
        end,
        "",
    ]
    program = folder / "nvidia-smi"
    program.write_text("\n".join(script))
    program.chmod(0o755)
    return program


def calls(folder: Path) -> list[str]:
    """The arguments of every start, in order."""
    log = folder / "calls"
    return log.read_text().splitlines() if log.exists() else []


def xml(version: str = "550.54.14", cuda: str = "12.4", *gpus: tuple[str, str, int]) -> str:
    """`nvidia-smi -q -x` with the few elements that matter; each GPU is (name, bus id, memory in MiB)."""
    blocks = [
        f'<gpu id="0000{bus.upper()}"><product_name>{name}</product_name>'
        f"<uuid>GPU-{number:08x}-0000-0000-0000-000000000000</uuid>"
        f"<pci><pci_bus_id>0000{bus.upper()}</pci_bus_id></pci>"
        f"<fb_memory_usage><total>{memory} MiB</total><used>3 MiB</used></fb_memory_usage></gpu>"
        for number, (name, bus, memory) in enumerate(gpus)
    ]
    return "\n".join(
        [
            '<?xml version="1.0" ?>',
            '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">',
            "<nvidia_smi_log>",
            f"<driver_version>{version}</driver_version>",
            f"<cuda_version>{cuda}</cuda_version>",
            f"<attached_gpus>{len(gpus)}</attached_gpus>",
            *blocks,
            "</nvidia_smi_log>",
            "",
        ]
    )


def table(version: str = "390.157", *gpus: tuple[str, str, int], cuda: str | None = None) -> str:
    """The plain table in the frame of drivers before 530; before 410 it tells no CUDA version."""
    title = f" NVIDIA-SMI {version:<12} Driver Version: {version:<12}" + (f" CUDA Version: {cuda}" if cuda else "")
    rows = [
        line
        for number, (name, bus, memory) in enumerate(gpus)
        for line in (
            f"|{number:>4}  {name:<19.19}  Off | 0000{bus.upper()} Off |                  N/A |",
            f"| 30%   34C    P8    12W / 250W |{3:>7}MiB /{memory:>6}MiB |      0%      Default |",
            "+-------------------------------+----------------------+----------------------+",
        )
    ]
    return "\n".join(
        [
            "Mon Nov 23 09:00:00 2026",
            "+-----------------------------------------------------------------------------+",
            f"|{title:<77}|",
            "|-------------------------------+----------------------+----------------------+",
            "| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |",
            "| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |",
            "|===============================+======================+======================|",
            *rows,
            "",
            "+-----------------------------------------------------------------------------+",
            "| Processes:                                                       GPU Memory |",
            "|  No running processes found                                                 |",
            "+-----------------------------------------------------------------------------+",
            "",
        ]
    )


def csv(version: str = "390.157", *gpus: tuple[str, str, int]) -> str:
    """`--query-gpu=index,name,uuid,pci.bus_id,memory.total,driver_version --format=csv`."""
    rows = [
        f"{number}, {name}, GPU-{number:08x}-0000-0000-0000-000000000000, 0000{bus.upper()}, {memory} MiB, {version}"
        for number, (name, bus, memory) in enumerate(gpus)
    ]
    return "\n".join(["index, name, uuid, pci.bus_id, memory.total [MiB], driver_version", *rows, ""])


def capabilities(*gpus: tuple[str, str]) -> str:
    """`--query-gpu=index,pci.bus_id,compute_cap --format=csv`; each GPU is (bus id, compute capability)."""
    rows = [f"{number}, 0000{bus.upper()}, {capability}" for number, (bus, capability) in enumerate(gpus)]
    return "\n".join(["index, pci.bus_id, compute_cap", *rows, ""])
