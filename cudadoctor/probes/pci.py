"""Asks the PCI bus for NVIDIA's devices."""

from __future__ import annotations

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import PciDevice, PciFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Refusal
from cudadoctor.probes.ask import found, one_line, read_text
from cudadoctor.probes.base import Clock, Found, Request

DEVICES = "/sys/bus/pci/devices"
_NVIDIA = 0x10DE
_DISPLAY = frozenset({0x0300, 0x0302})
"""Class codes of a VGA controller and of a 3D controller (PCI Code and ID Assignment Specification, base class 03)."""
_BRIDGE = 0x0680
"""Other bridge: how an NVSwitch shows itself."""


def probe(host: Host, request: Request, clock: Clock) -> Found[PciFacts]:  # noqa: ARG001
    """NVIDIA's GPUs and NVSwitches under /sys. No such bus (WSL, many boards, some sandboxes) is a gap."""
    vendors = found(host, f"{DEVICES}/*/vendor", limit=4096)
    if not vendors:
        return Found(value=None, gaps=(Gap(fact="pci", reason=f"{DEVICES} shows no PCI bus"),))
    # A far host answers a question only in the next round: all vendors are asked for before anything is concluded.
    folders = [path.rpartition("/")[0] for path in vendors if _number(host, path) == _NVIDIA]
    gpus: list[PciDevice] = []
    nvswitches = 0
    for folder in folders:
        kind = (_number(host, f"{folder}/class") or 0) >> 8
        device = _device(host, folder)
        if kind in _DISPLAY:
            gpus.append(device)
        elif kind == _BRIDGE:
            nvswitches += 1
    shown = ", ".join(f"{gpu.bus_id} {gpu.device_id} ({gpu.driver or 'no driver'})" for gpu in gpus[:16])
    text = one_line(shown, longest=600) or f"{len(vendors)} devices, no display device of NVIDIA"
    return Found(value=PciFacts(gpus=tuple(gpus), nvswitches=nvswitches, seen=Seen(where=DEVICES, text=text)))


def _device(host: Host, folder: str) -> PciDevice:
    number = _number(host, f"{folder}/device")
    # A device that sleeps is left alone: reading its configuration space, or its link's width, would wake it.
    asleep = (read_text(host, f"{folder}/power_state", limit=64) or "").strip() == "D3cold"
    return PciDevice(
        bus_id=folder.rpartition("/")[2].lower(),
        device_id=f"10de:{number:04x}" if number is not None else "10de:????",
        driver=_driver(host, folder),
        responds=asleep or _responds(host, folder),
        link_width=None if asleep else _lanes(host, f"{folder}/current_link_width"),
        link_width_max=_lanes(host, f"{folder}/max_link_width"),
        port_width_max=_lanes(host, f"{folder}/../max_link_width"),
    )


def _number(host: Host, path: str) -> int | None:
    """The hexadecimal number in a file of sysfs: `0x10de`."""
    try:
        return int((read_text(host, path, limit=64) or "").strip(), 16)
    except ValueError:
        return None


def _lanes(host: Host, path: str) -> int | None:
    """The number of lanes in a file of sysfs: `16`. Above a device's folder, by its real path, lies its port's."""
    text = (read_text(host, path, limit=64) or "").strip()
    return int(text) if text.isdecimal() and len(text) < 4 else None


def _driver(host: Host, folder: str) -> str | None:
    """The name of the driver, which is the last part of the path that the link `driver` points to."""
    try:
        target = host.stat(f"{folder}/driver").target
    except Refusal:
        return None
    return one_line(target.rstrip("/").rpartition("/")[2]) or None if target else None


def _responds(host: Host, folder: str) -> bool:
    """False where the configuration space reads as all ones, which is what a bus gives for a device that is not there.

    A device that sleeps (power state D3cold) may read so as well. What cannot be read is taken to be well.
    """
    try:
        return host.read(f"{folder}/config", limit=-4) != b"\xff\xff\xff\xff"
    except Refusal:
        return True
