"""What a kernel log says, as events of the machine: the same from a live log and from a paste."""

from __future__ import annotations

import re
from collections.abc import Callable

from cudadoctor.facts.kernel import KernelEvent
from cudadoctor.facts.seen import Seen
from cudadoctor.parsers.kernel_messages import KernelLine, KernelMessages

_SINCE_BOOT = re.compile(r"\d{1,9}\.\d{6}\Z")
_LONGEST = 240
_RELEASE = re.compile(r"supported by the (?:NVRM: )?NVIDIA (\d{2,4}\.\d{1,3}(?:\.\d{1,3})?) driver release")
_PCI_ID = re.compile(r"PCI ID: (10de:[0-9a-f]{4})", re.IGNORECASE)
_SYSLOG = re.compile(r"\A.{0,120}?\bkernel: ?")
_UUID = re.compile(r"\bGPU-[0-9a-f]{8}-[0-9a-f-]{20,30}", re.IGNORECASE)
_SEVERITY = re.compile(r"severity=(Corrected|Uncorrected \((?:Non-)?Fatal\))")


def events(
    messages: KernelMessages, where: Callable[[int], str], *, uptime: float | None = None
) -> tuple[KernelEvent, ...]:
    """The messages as events, in the log's order.

    `where` says where line number N of the parsed text is (0: not known). `uptime` is the machine's, in seconds, when
    the log was read: with it, times since boot become ages; without (a paste) no age is known. The name of the machine,
    which syslog puts before each line, and UUIDs are left out.
    """
    found: list[tuple[int, KernelEvent]] = []

    def add(
        kind: str,
        line: int,
        text: str,
        time: str | None,
        *,
        bus_id: str | None = None,
        code: int | None = None,
        values: tuple[tuple[str, str], ...] = (),
    ) -> None:
        shown = _UUID.sub("GPU", " ".join(_SYSLOG.sub("", text).split()))[:_LONGEST]
        event = KernelEvent(
            kind=kind,
            text=shown,
            bus_id=bus_id,
            code=code,
            age=_age(time, uptime),
            values=values,
            seen=Seen(where=where(line), text=shown),
        )
        found.append((line, event))

    for xid in messages.xids:
        text = f"NVRM: Xid ({xid.bus_id or '?'}): {xid.code}" + (f", {xid.text}" if xid.text else "")
        add("xid", xid.line, text, xid.time, bus_id=xid.bus_id, code=xid.code)
    for one in messages.mismatches:
        versions = (("client", one.client), ("module", one.module))
        known = tuple((name, str(version)) for name, version in versions if version is not None)
        if one.time is not None and _SINCE_BOOT.match(one.time):
            known += (("at", one.time),)
        add("api-mismatch", one.line, one.text or "NVRM: API mismatch", one.time, values=known)
    for old in messages.legacy:
        values: tuple[tuple[str, str], ...] = (("name", old.name), ("branch", str(old.branch)))
        if old.driver is not None:
            values += (("driver", str(old.driver)),)
        add("legacy-gpu", old.line, old.text or f"NVRM: {old.name}: legacy", old.time, values=values)
    for line in messages.lines:
        add(line.kind, line.line, line.text, line.time, bus_id=line.bus_id, values=_values(line))
    if messages.loaded is not None:
        module = messages.loaded
        values = (("module", module.module),)
        if module.version is not None:
            values += (("version", str(module.version)),)
        text = f"NVRM: loading NVIDIA UNIX {module.module} kernel module {module.version or ''}"
        add("loaded", messages.loaded_line, text, messages.loaded_time, values=values)
    return tuple(event for _, event in sorted(found, key=lambda item: item[0]))


def _age(time: str | None, uptime: float | None) -> float | None:
    if time is None or uptime is None or not _SINCE_BOOT.match(time):
        return None
    return max(0.0, uptime - float(time))


def _values(line: KernelLine) -> tuple[tuple[str, str], ...]:
    patterns = (("driver", _RELEASE), ("pci_id", _PCI_ID), ("severity", _SEVERITY))
    return tuple((name, match.group(1)) for name, pattern in patterns if (match := pattern.search(line.text)))
