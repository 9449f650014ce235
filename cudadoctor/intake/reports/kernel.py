"""The kernel: its log, lsmod, and modules that somebody loaded or could not."""

from __future__ import annotations

import re

from cudadoctor.facts.driver import PciDevice, PciFacts
from cudadoctor.facts.kernel import DkmsModule, KernelFacts, ModuleFile
from cudadoctor.intake.draft import Draft
from cudadoctor.intake.lazy import Lazy
from cudadoctor.parsers import dkms_status, dmesg
from cudadoctor.parsers.text import bus_id
from cudadoctor.readings import kernel_events
from cudadoctor.versions import DriverVersion

_LSMOD_HEAD = Lazy(r"^[ \t]{0,4}Module[ \t]{1,40}Size\s{1,10}Used by\b", re.MULTILINE, words="used by")
_LSMOD_ROW = re.compile(r"^[ \t]{0,4}(?P<name>[a-z0-9_]{2,40})[ \t]{1,40}\d{3,9}\s{1,6}-?\d{1,5}(?:\s|$)", re.MULTILINE)
_LSMOD_GREP = Lazy(r"\blsmod ?\| ?e?grep (?:-\w{1,4} )?['\"]?(?:nvidia|nv)['\"]?[ \t]*$", re.MULTILINE, words="lsmod")
_OPEN_PACKAGE = Lazy(
    r"(?:^|[\s/])(?:kmod-nvidia(?:-latest)?-open|akmod-nvidia-open|nvidia-(?:kernel-)?open|nvidia-kernel-open|nvidia-dkms-\d{3}(?:-server)?"
    r"-open|linux-modules-nvidia-\d{3}(?:-server)?-open|nvidia-driver-\d{3}(?:-server)?-open|"
    r"nvidia-open-driver-G0[67])[\w.+:-]{0,60}[ \t.-]{1,40}\d",
    re.MULTILINE,
    words="open",
)
"""Packages of the open kernel module, with a version: as rpm -qa, dpkg -l and pacman -Q list what is installed."""
_PCI_ID = Lazy(r"GPU (?P<bus>[0-9a-fA-F:.]{7,16}) \(PCI ID: 10de:(?P<device>[0-9a-fA-F]{4})\)")
_MODINFO_VERSION = re.compile(r"^[ \t]{0,4}version:[ \t]{1,16}(?P<version>\d{3}\.\d{1,3}(?:\.\d{1,3})?)[ \t]*$")
_SYSFS_VERSION = re.compile(r"\s*(\d{3}\.\d{1,3}(?:\.\d{1,3})?)\s*\Z")
_AHEAD = 40
"""Lines of modinfo among which its version stands."""
_WHOLE_LIST = 25
_OTHERS = ("nouveau", "nova_core", "vfio_pci")


def recognise(draft: Draft) -> None:
    """The log's messages as facts; the modules that lsmod lists."""
    _loaded_version(draft)
    if _OPEN_PACKAGE.search(draft.paste.text, draft.paste.lowered) and "install" not in draft.paste.lowered:
        draft.put(draft.driver, "module", "open")
    _log(draft)
    _modules(draft)


def _log(draft: Draft) -> None:
    found = dmesg.parse(draft.paste.text)
    for one in found.mismatches:
        # client: the library that spoke; module: the kernel's.
        draft.put(draft.driver, "version", one.module)
        draft.put(draft.driver, "loaded", value=True)
        draft.put(draft.driver, "library_version", one.client)
        at = draft.paste.first("api mismatch")
        draft.put(draft.driver, "library_seen", draft.paste.seen(at))
        draft.put(draft.driver, "seen", draft.paste.seen(at))
    if found.loaded is not None:
        draft.put(draft.driver, "version", found.loaded.version)
        draft.put(draft.driver, "module", found.loaded.module)
    _gpus(draft)
    events = kernel_events.events(found, lambda number: draft.paste.where(number - 1))
    dkms = _dkms(draft)
    module = _module_on_disk(draft)
    if events or dkms or module:
        draft.more["kernel"] = KernelFacts(events=events or None, dkms=dkms or None, module=module)


def _module_on_disk(draft: Draft) -> ModuleFile | None:
    """The version in the output of `modinfo nvidia`, whole or through grep, or of `modinfo -F version nvidia`."""
    texts = draft.paste.texts
    for index in draft.paste.having("modinfo", most=20):
        command = texts[index]
        if "nvidia" not in command.lower():
            continue
        bare = "-F version" in command or "--field" in command
        for at in range(index + 1, min(len(texts), index + _AHEAD)):
            match = _MODINFO_VERSION.match(texts[at]) or (bare and _SYSFS_VERSION.match(texts[at])) or None
            if match is not None:
                return ModuleFile(version=match.group(1), seen=draft.paste.seen(at))
    for index in draft.paste.having("nvidia.ko", most=20):  # modinfo's output without the command
        if texts[index].lstrip().startswith("filename:"):
            for at in range(index + 1, min(len(texts), index + _AHEAD)):
                if match := _MODINFO_VERSION.match(texts[at]):
                    return ModuleFile(version=match["version"], seen=draft.paste.seen(at))
    return None


def _loaded_version(draft: Draft) -> None:
    """What `cat /sys/module/nvidia/version` printed."""
    texts = draft.paste.texts
    for index in draft.paste.having("/sys/module/nvidia/version", most=4):
        for at in (index, index + 1):
            rest = texts[at].rpartition("/version")[2].strip(" :=") if at == index else "".join(texts[at : at + 1])
            if match := _SYSFS_VERSION.match(rest):
                draft.put(draft.driver, "version", DriverVersion.parse(match.group(1)))
                draft.put(draft.driver, "loaded", value=True)
                draft.put(draft.driver, "seen", draft.paste.seen(at))
                return


def _dkms(draft: Draft) -> tuple[DkmsModule, ...]:
    """Lines of `dkms status` about the NVIDIA driver."""
    found = []
    for index in draft.paste.having("nvidia", most=400):
        line = dkms_status.parse_line(draft.paste.texts[index], draft.paste.seen(index))
        if line is not None:
            found.append(line)
    return tuple(found)


def _gpus(draft: Draft) -> None:
    """The GPUs that the driver's messages name by their PCI ids."""
    devices: dict[str, PciDevice] = {}
    for index in draft.paste.having("pci id: 10de:", most=64):
        match = _PCI_ID.search(draft.paste.texts[index][:1000])
        if match:
            bus = bus_id(match["bus"]) or match["bus"]
            devices.setdefault(bus, PciDevice(bus_id=bus, device_id=f"10de:{match['device'].lower()}"))
    if devices and draft.pci is None:
        draft.pci = PciFacts(gpus=tuple(devices.values()), seen=draft.paste.seen(draft.paste.first("pci id: 10de:")))


def _modules(draft: Draft) -> None:
    text = draft.paste.text
    head = _LSMOD_HEAD.search(text, draft.paste.lowered)
    start = head.end() if head else 0
    names = [(match["name"], match.start()) for match in _LSMOD_ROW.finditer(text, start)][:1000]
    if head is None:
        # `lsmod | grep nvidia` has no head: only rows whose names are ours count.
        names = [(name, at) for name, at in names if name in _OTHERS or name.startswith("nvidia")]
    if not names:
        return
    listed = {name for name, _ in names}
    whole = head is not None and len(listed) >= _WHOLE_LIST
    of_nvidia = _LSMOD_GREP.search(text, draft.paste.lowered) is not None  # each module whose row has that word
    if "nvidia" in listed:
        draft.put(draft.driver, "loaded", value=True)
    elif whole:
        draft.put(draft.driver, "loaded", value=False)
    if "nvidia_uvm" in listed:
        draft.put(draft.driver, "uvm_loaded", value=True)
    elif whole or (of_nvidia and "nvidia" in listed):
        draft.put(draft.driver, "uvm_loaded", value=False)
    others = tuple(name for name in _OTHERS if name in listed)
    draft.put(draft.driver, "other_modules", others or None)
    ours = next((at for name, at in names if name.startswith("nvidia") or name in _OTHERS), names[0][1])
    draft.put(draft.driver, "seen", draft.paste.seen(text.count("\n", 0, ours + 1)))
