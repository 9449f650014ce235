"""The two settings of apt.conf that matter here: whether upgrades run by themselves, and what they leave alone."""

from __future__ import annotations

import re

from cudadoctor.parsers.text import lines

_ENABLED = re.compile(r'APT::Periodic::Unattended-Upgrade\s{1,4}"?(\w{1,10})"?')
_BLOCK = re.compile(r"Unattended-Upgrade::Package-Blacklist(?:::)?\s{0,4}\{?")
_ITEM = re.compile(r'"([^"]{1,200})"')


def unattended(text: str | bytes) -> bool | None:
    """Whether this file switches unattended upgrades on or off; None where it says nothing."""
    answer = None
    for line in _uncommented(text):
        if match := _ENABLED.search(line):
            answer = match.group(1).lower() not in ("0", "no", "false")
    return answer


def blacklist(text: str | bytes) -> tuple[str, ...]:
    """The patterns of packages that unattended upgrades leave alone."""
    found: list[str] = []
    inside = False
    for row in _uncommented(text):
        line = row
        if match := _BLOCK.search(row):
            inside = True
            line = row[match.end() :]
        if inside:
            found += _ITEM.findall(line)
            if "}" in line or ("{" not in line and line.rstrip().endswith(";") and not found):
                inside = False
    return tuple(found[:100])


def _uncommented(text: str | bytes) -> list[str]:
    return [line for line in lines(text) if not line.lstrip().startswith(("//", "#"))]
