"""The PCI bus: lspci in its forms, and machines whose GPU is of another maker."""

from __future__ import annotations

import re

from cudadoctor.facts.driver import PciDevice, PciFacts
from cudadoctor.intake.draft import Draft, NamedGpu
from cudadoctor.intake.lazy import Lazy
from cudadoctor.parsers.text import bus_id

_DISPLAY = Lazy(
    r"^[ \t]{0,4}(?P<bus>(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+(?:VGA compatible controller"
    r"|3D controller|Display controller)"
    r"(?: \[03[0-9a-f]{2}\])?: (?P<name>.{1,160})",
    re.IGNORECASE,
)
_DEVICE = Lazy(r"\[(?P<vendor>[0-9a-f]{4}):(?P<device>[0-9a-f]{4})\]", re.IGNORECASE)
_MODEL = Lazy(r"NVIDIA Corporation .{0,80}?\[(?P<name>[^\[\]]{3,80})\]")
_ANY_DEVICE = Lazy(r"^[ \t]{0,4}(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\s")
_IN_USE = Lazy(r"Kernel driver in use: (\S{1,40})")
_OTHER_MAKER = Lazy(
    r"\bRadeon(?: \(?TM\)?)? (?:RX|Pro|VII|R[579]|HD|\d{3}M|[4-9]\d{3} ?(?:XTX?|M)?|GPU|Graphics)\b|\bRX ?[4-9]\d{2,3}"
    r"(?: ?XTX?)?\b|\bROCm\b(?=[^\n]{0,40}\b(?:gfx|Radeon))|"
    r"\bAMD (?:GPU|graphics card|Radeon)\b|"
    r"\bIntel(?:\(R\))? (?:Arc|Iris|UHD|HD Graphics|integrated|(?:Core )?i[3579](?:-\w{4,8})? graphics)\b|"
    r"\bgfx(?:9|10|11|12)\d{1,2}\b",
    re.IGNORECASE,
)
_MODULES = {"nouveau": "nouveau", "vfio-pci": "vfio_pci", "nova": "nova_core"}
"""A driver in use, and the kernel module that is then loaded."""
_NVIDIA = Lazy(
    r"geforce|\bgtx\b|\brtx\b|quadro|tesla|titan|\b[ahv]100\b|nvidia[ -](?:smi|corporation"
    r"|gpu|driver|uvm|modprobe)|nvrm|"
    r"NVIDIA-SMI|/dev/nvidia|gpu_?\d? ?: ?nvidia|\bjetson\b|nvidia driver",
    re.IGNORECASE,
)
_TORCH_SAYS = re.compile(
    r"Found no NVIDIA driver on your system|Please check that you have an NVIDIA GPU|https?://www\.nvidia\.com\S{0,80}",
    re.IGNORECASE,
)
"""Torch's message where there is no driver: it names NVIDIA on every machine."""
_CONCERNS_CUDA = Lazy(r"cuda|torch|gpu", re.IGNORECASE)


def recognise(draft: Draft) -> None:
    """Lspci's display devices; without any of them, words for the GPU of another maker and none for NVIDIA's."""
    devices: list[PciDevice] = []
    others = -1
    texts = draft.paste.texts
    last = -1
    for index, line in enumerate(texts):
        match = _DISPLAY.match(line)
        if match is None:
            continue
        last = index
        if "NVIDIA" in match["name"].upper():
            devices.append(_device(draft, index, match["bus"], match["name"]))
        elif others < 0:
            others = index
    if devices:
        draft.pci = PciFacts(gpus=tuple(devices), seen=draft.paste.seen(last))
        for device in devices:
            if device.driver == "nvidia":
                draft.put(draft.driver, "loaded", value=True)
        others_in_use = tuple(_MODULES[one.driver] for one in devices if one.driver in _MODULES)
        draft.put(draft.driver, "other_modules", tuple(dict.fromkeys(others_in_use)))
        return
    text = draft.paste.text
    own = _TORCH_SAYS.sub(" ", text)
    if others >= 0 and _NVIDIA.search(own) is None:
        draft.no_gpu = draft.no_gpu or draft.paste.seen(others)
    elif others < 0 and _NVIDIA.search(own) is None and _CONCERNS_CUDA.search(text, draft.paste.lowered):
        match = _OTHER_MAKER.search(text, draft.paste.lowered)
        if match is not None:
            draft.no_gpu = draft.no_gpu or draft.paste.seen(text.count("\n", 0, match.start()))


def _device(draft: Draft, index: int, bus: str, name: str) -> PciDevice:
    numbers = next((m for m in _DEVICE.finditer(name) if m["vendor"].lower() == "10de"), None)
    holder = None
    for line in draft.paste.texts[index + 1 : index + 8]:
        if _ANY_DEVICE.match(line):
            break
        if match := _IN_USE.search(line):
            holder = match.group(1)
            break
    model = _MODEL.search(name)
    if model is not None and numbers is None:
        from cudadoctor.compat import gpus

        shown = model["name"]
        draft.name_gpu(
            NamedGpu(
                name=shown,
                capability=gpus.capability_by_name(shown),
                source="name",
                seen=draft.paste.seen(index),
            )
        )
    return PciDevice(
        bus_id=bus_id(bus) or bus,
        device_id=f"10de:{numbers['device'].lower()}" if numbers else "10de:",
        driver=holder,
    )
