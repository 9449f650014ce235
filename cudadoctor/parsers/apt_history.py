"""/var/log/apt/history.log: who changed which packages, and when."""

from __future__ import annotations

import re

from cudadoctor.facts.distro import PackageChange
from cudadoctor.parsers.text import tidy

_CHANGE = re.compile(r"([a-z0-9][a-z0-9+.-]{1,100}):[a-z0-9-]{1,12} \(([^()]{1,120})\)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2} {1,2}\d{2}:\d{2}:\d{2}")
_KINDS = ("Install", "Upgrade", "Downgrade", "Remove", "Purge", "Reinstall")
_LONGEST = 1 << 16


def parse(text: str | bytes, wanted: tuple[str, ...]) -> tuple[PackageChange, ...]:
    """The changes of packages whose name starts with one of `wanted`, oldest first."""
    found: list[PackageChange] = []
    for block in tidy(text).split("\n\n"):
        if not any(word in block for word in wanted):
            continue
        fields = {
            name: value.strip()
            for name, colon, value in (line[:_LONGEST].partition(":") for line in block.splitlines())
            if colon
        }
        date = _DATE.match(fields.get("Start-Date", ""))
        if date is None:
            continue
        for kind in _KINDS:
            for name, versions in _CHANGE.findall(fields.get(kind, "")):
                if name.startswith(wanted):
                    found.append(
                        _changed(" ".join(date.group().split()), fields.get("Commandline"), kind, name, versions)
                    )
    return tuple(found)


def _changed(date: str, command: str | None, kind: str, name: str, versions: str) -> PackageChange:
    parts = [part.strip() for part in versions.split(",") if part.strip() not in ("", "automatic")]
    before = parts[0] if kind in ("Upgrade", "Downgrade", "Remove", "Purge") and parts else None
    after = parts[-1] if kind not in ("Remove", "Purge") and parts else None
    program = command.split()[0].rpartition("/")[2] if command and command.split() else ""
    return PackageChange(
        date=date,
        action=kind.lower(),
        package=name,
        before=before,
        after=after,
        unattended="unattended-upgrade" in program,
    )
