"""/var/log/apt/history.log: who changed which packages, and when."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.parsers.text import tidy

_CHANGE = re.compile(r"([a-z0-9][a-z0-9+.-]{1,100}):[a-z0-9-]{1,12} \(([^()]{1,120})\)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2} {1,2}\d{2}:\d{2}:\d{2}")
_KINDS = ("Install", "Upgrade", "Downgrade", "Remove", "Purge", "Reinstall")
_LONGEST = 1 << 16


class Changed(Struct, frozen=True, kw_only=True):
    """One package in one run of apt."""

    date: str
    """Local time: `2026-11-20 06:12:40`."""
    command: str | None
    action: str
    """install, upgrade, downgrade, remove, purge, reinstall."""
    package: str
    before: str | None
    after: str | None

    @property
    def unattended(self) -> bool:
        """No person asked for it."""
        return self.command is not None and "unattended-upgrade" in self.command


def parse(text: str | bytes, wanted: tuple[str, ...]) -> tuple[Changed, ...]:
    """The changes of packages whose name starts with one of `wanted`, oldest first."""
    found: list[Changed] = []
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


def _changed(date: str, command: str | None, kind: str, name: str, versions: str) -> Changed:
    parts = [part.strip() for part in versions.split(",") if part.strip() not in ("", "automatic")]
    before = parts[0] if kind in ("Upgrade", "Downgrade", "Remove", "Purge") and parts else None
    after = parts[-1] if kind not in ("Remove", "Purge") and parts else None
    # The command may name files and people; only its program is kept.
    program = command.split()[0].rpartition("/")[2][:40] if command and command.split() else None
    return Changed(date=date, command=program, action=kind.lower(), package=name, before=before, after=after)
