"""The kernel log (dmesg, /dev/kmsg, journalctl -k, syslog): what NVIDIA's modules wrote into it."""

from __future__ import annotations

import re

from cudadoctor.parsers import proc_version
from cudadoctor.parsers.kernel_messages import (
    ApiMismatch,
    KernelLine,
    KernelLineKind,
    KernelMessages,
    LegacyGpu,
    Xid,
)
from cudadoctor.parsers.proc_version import ProcVersion
from cudadoctor.parsers.text import bus_id, lines
from cudadoctor.versions import DriverVersion

_XID = re.compile(r"\bXid \((?:PCI:)?([0-9A-Fa-f:.]{5,17})\): (\d{1,4})(?:,\s*(.*)|\s*\Z)")
_BUS = re.compile(r"(?<![0-9A-Fa-f:])([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}(?:\.[0-7])?)(?![0-9A-Fa-f])")
_TIMES = (
    re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"),
    re.compile(r"\[\s*([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]"),
    re.compile(r"\b([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)\b"),
    re.compile(r"\[\s*(\d{1,9}\.\d{6})\]"),
    re.compile(r"\A\d{1,3},\d{1,12},(\d{1,16}),"),
)
_VERSION = r"(\d{2,4}\.\d{1,3}(?:\.\d{1,3})?)(?=[.,;:)]?(?:\s|\Z))"
_CLIENT = re.compile(rf"client\b.{{0,80}}?\bhas the version\s+{_VERSION}")
_KERNEL = re.compile(rf"kernel module has (?:the )?version\s+{_VERSION}")
_COMPONENT = re.compile(rf"driver component has version\s+{_VERSION}")
_LEGACY = re.compile(
    r"The NVIDIA (?P<name>.{1,80}?) GPU installed in this system is supported through the NVIDIA (?P<branch>\d{2,4})\."
    r"\S{1,8} Legacy drivers"
)
_IGNORED = re.compile(rf"The {_VERSION} NVIDIA driver will ignore")
_KINDS: tuple[tuple[KernelLineKind, str, str], ...] = (
    # kind, a word that must be in the line (lower case), the pattern; compiled when the word is met
    ("fallen-off-bus", "fallen off", r"(?:NVRM|GPU|system)\b.{0,120}?\bhas\s+(?:NVRM: )?fallen off (?:of )?the bus"),
    ("needs-open-module", "open kernel modules", r"requires use of the NVIDIA open kernel modules"),
    ("open-module-needs-flag", "open nvidia.ko", r"Open nvidia\.ko is only ready for use on Data Center GPUs"),
    ("open-module-unsupported", "open nvidia.ko", r"not supported by open nvidia\.ko"),
    ("init-failed", "rminitadapter", r"NVRM: .{0,120}?RmInitAdapter failed"),
    ("init-failed", "rm_init_adapter", r"NVRM: .{0,120}?rm_init_adapter(?:\(\d+\))? failed"),
    ("gsp-firmware-missing", "firmware load", r"Direct firmware load for nvidia/\S{1,100} failed with error -2"),
    ("gsp-firmware-missing", "no firmware image", r"NVRM: .{0,80}?No firmware image found"),
    ("bar-not-assigned", "region assigned", r"PCI I/O region assigned to your NVIDIA device is invalid"),
    ("bar-not-assigned", "is 0m", r"NVRM: BAR\d is 0M @ 0x0"),
    ("no-gpu", "found", r"NVRM: No NVIDIA (?:GPU|graphics adapter) found"),
    ("probe-not-called", "not called", r"NVRM: The NVIDIA probe routine was not called"),
    ("signature-tainted", "verification", r"nvidia[\w-]{0,20}: module verification failed: signature and/or required"),
    ("signature-refused", "rejected", r"Loading of (?:unsigned module|module with unavailable key) is rejected"),
    ("signature-refused", "restricted", r"unsigned module loading is restricted"),
    ("version-magic", "version magic", r"nvidia[\w-]{0,20}: version magic '[^']{0,200}' should be"),
    ("version-magic", "disagrees about", r"\bnvidia[\w-]{0,20}: disagrees about version of symbol"),
    (
        "gpu-not-supported",
        "not supported by the",
        r"is not supported by the\s+(?:NVRM:\s+)?NVIDIA \d\S{1,14} driver release",
    ),
    ("held-by-other", "obtained ownership", r"obtained ownership of the NVIDIA"),
    ("held-by-other", "already bound to", r"NVRM: GPU \S{7,16} is already bound to (?!nvidia|vfio)\w"),
    ("power-cables", "power cables", r"NVRM: .{0,80}?not have the necessary power cables connected"),
    ("bus-error", "pcie bus error", r"\bnvidia \S{7,16}: PCIe Bus Error: severity=\w"),
    ("resumed", "pm: ", r"PM: (?:suspend exit|hibernation: hibernation exit|hibernation exit|Finishing wakeup)"),
    ("resumed", "waking up", r"ACPI: (?:PM: )?Waking up from system sleep state S[34]"),
)
_OURS = re.compile(
    r"NVRM|nvidia|Xid \(|unsigned module|unavailable key|PM: (?:suspend|hibernation|Finishing)|Waking up from system",
    re.IGNORECASE,
)
_WRAPPED = ("(PCI ID", "The NVIDIA GPU")
"""How a message begins that the driver wraps, and whose telling words stand in a later line of it."""
_SPAN = 6
"""Lines over which one message of the driver is wrapped at most."""
_MOST = 4096


def parse(text: str | bytes) -> KernelMessages:
    """Every known message in the text, in its order. Lines of other drivers, and NVSwitch's own SXid, are left out."""
    xids: list[Xid] = []
    kinds: list[KernelLine] = []
    mismatches: dict[tuple[DriverVersion | None, DriverVersion | None], ApiMismatch] = {}
    legacy: dict[tuple[str, int], LegacyGpu] = {}
    loaded: ProcVersion | None = None
    loaded_at, loaded_time = 0, None
    listed = lines(text)
    bus: str | None = None
    for at, line in enumerate(listed):
        if not _OURS.search(line):
            continue
        if match := _XID.search(line):
            if len(xids) < _MOST:
                said, where = (match.group(3) or "").strip(), bus_id(match.group(1))
                xids.append(Xid(code=int(match.group(2)), bus_id=where, text=said, time=_time(line), line=at + 1))
            continue
        here = bus_id(match.group(1)) if (match := _BUS.search(line)) else None
        bus = here or (bus if "NVRM" in line else None)
        if "API mismatch" in line and len(mismatches) < _MOST:
            found = _mismatch(_message(listed, at), _time(line), at + 1)
            mismatches.setdefault((found.client, found.module), found)
        elif "NVRM: loading" in line:
            if (module := proc_version.parse(line.replace("NVRM: loading", "NVRM version:"))) is not None:
                loaded, loaded_at, loaded_time = module, at + 1, _time(line.partition("NVRM")[0])
        elif (
            "GPU installed in this" in line and "The NVIDIA" in line and (old := _legacy(_message(listed, at), at + 1))
        ):
            legacy.setdefault((old.name, old.branch), old)
        elif (kind := _kind(line)) and len(kinds) < _MOST:
            kinds.append(KernelLine(kind=kind, text=line.strip(), bus_id=bus, time=_time(line), line=at + 1))
        elif any(word in line for word in _WRAPPED) and not any(_kind(one) for one in listed[at + 1 : at + _SPAN - 2]):
            message = _message(listed, at)
            kind = _kind(f"NVRM: {message}")
            told = bool(kinds) and kinds[-1].kind == kind and at + 1 - kinds[-1].line < _SPAN
            if kind and not told and len(kinds) < _MOST:
                kinds.append(KernelLine(kind=kind, text=f"NVRM: {message}", bus_id=bus, time=_time(line), line=at + 1))
    return KernelMessages(
        xids=tuple(xids),
        mismatches=tuple(mismatches.values()),
        legacy=tuple(legacy.values()),
        lines=tuple(kinds),
        loaded=loaded,
        loaded_line=loaded_at,
        loaded_time=loaded_time,
    )


def _time(line: str) -> str | None:
    return next((match.group(1) for pattern in _TIMES if (match := pattern.search(line[:120]))), None)


def _message(listed: list[str], at: int) -> str:
    """The message that begins in this line, wrapped lines joined, without what the log puts before each."""
    parts = [_after(listed[at])]
    for line in listed[at + 1 : at + _SPAN]:
        if line.strip() and "NVRM" not in line and not line.startswith((" ", "\t")) and len(parts) > 2:
            break
        parts.append(_after(line))
    return " ".join(" ".join(parts).split())


def _after(line: str) -> str:
    """The line without what the log puts before the message."""
    return (line.partition("NVRM")[2] or line).replace("#012", " ").replace("NVRM:", " ").lstrip(": \t")


def _kind(line: str) -> KernelLineKind | None:
    lowered = line.lower()
    for kind, word, pattern in _KINDS:
        if word in lowered and re.search(pattern, line, re.IGNORECASE):
            return kind
    return None


def _mismatch(message: str, time: str | None, line: int) -> ApiMismatch:
    client = _CLIENT.search(message) or _COMPONENT.search(message)
    module = _KERNEL.search(message)
    return ApiMismatch(
        client=DriverVersion.parse(client.group(1)) if client else None,
        module=DriverVersion.parse(module.group(1)) if module else None,
        time=time,
        line=line,
        text=f"NVRM: {message}",
    )


def _legacy(message: str, line: int) -> LegacyGpu | None:
    match = _LEGACY.search(message)
    if match is None:
        return None
    ignored = _IGNORED.search(message)
    name = match["name"].removeprefix("NVIDIA ").strip()
    return LegacyGpu(
        name=name,
        branch=int(match["branch"]),
        driver=DriverVersion.parse(ignored.group(1)) if ignored else None,
        line=line,
        text=f"NVRM: {message}",
    )
