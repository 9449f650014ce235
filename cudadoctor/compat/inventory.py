"""Which tables there are, where each was read, when, and how much is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from cudadoctor.compat.source import Source

FOLDERS = ("data", "distros")


class TableInfo(Struct, frozen=True, kw_only=True):
    """One table."""

    name: str
    rows: int
    """Rows of its lists and entries of its maps, the sources aside."""
    sources: tuple[Source, ...]

    @property
    def read_on(self) -> str:
        """The oldest day on which one of its sources was read; ISO date, "" where none was ("not read: …" says why)."""
        return min((one.read_on for one in self.sources if one.read_on[:1].isdigit()), default="")


def tables() -> tuple[TableInfo, ...]:
    """All tables of this version, by name."""
    from importlib import resources

    found = []
    for folder in FOLDERS:
        for file in (resources.files("cudadoctor.compat") / folder).iterdir():
            if file.name.endswith(".json"):
                name = file.name.removesuffix(".json")
                data = json.loads(file.read_text(encoding="utf-8"))
                named = name if folder == "data" else f"{folder}/{name}"
                found.append(TableInfo(name=named, rows=_rows(data), sources=tuple(_sources(data))))
    return tuple(sorted(found, key=lambda one: one.name))


def oldest() -> str:
    """The oldest day on which a table's source was read."""
    return min((one.read_on for one in tables() if one.read_on), default="")


def _sources(data: dict[str, Any]) -> Iterator[Source]:
    for title, url, read_on in data.get("sources", {}).values():
        yield Source(title=title, url=url, read_on=read_on)


def _rows(data: dict[str, Any]) -> int:
    return sum(len(part) for name, part in data.items() if name != "sources" and isinstance(part, (list, dict)))
