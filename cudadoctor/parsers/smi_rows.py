"""The lines of one GPU in nvidia-smi's table."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cudadoctor.parsers.smi import SmiRow
from cudadoctor.parsers.text import bus_id, flag, known

_BUS = re.compile(r"(?<![0-9A-Za-z:])([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f])(?![0-9A-Za-z])")
_NO_VALUE = re.compile(r"\s*(?:N/A|ERR!|Unknown Error|GPU is lost|Not Supported)(?:\s|\Z)")
_LEAD = re.compile(r"(\d{1,4})\.?\s+(\S.*)\Z")
_MEMORY = re.compile(r"(\d{1,9})\s*Mi?B\s*/\s*(\d{1,9})\s*Mi?B")
_ERROR = re.compile(r"GPU is lost|Unknown Error|GPU requires reset|Reset Required|ERR!", re.IGNORECASE)
_LOST = re.compile("GPU is lost", re.IGNORECASE)
_MODES = frozenset(("on", "off", "n/a", "err!", "tcc", "wddm", "mcdm"))


class Row:
    """A GPU whose first line was read."""

    def __init__(self, item: SmiRow, cell: int) -> None:
        self.item = item
        self.cell = cell
        """Which of the line's cells has the bus id; 0: the bars were lost."""
        self.second = False


def first_line(line: str, *, headed: bool) -> Row | None:
    """`|   0  NAME   MODE | BUS-ID  Off | ECC |`, with or without its bars."""
    cells = line.split("|")
    cell, match = next(((at, found) for at, part in enumerate(cells) if at and (found := _BUS.search(part))), (0, None))
    if match:
        bus = bus_id(match.group(1))
        name = cells[cell - 1] if cells[cell - 1].strip(" >") else cells[cell][: match.start()]
        ecc = cells[cell + 1 : cell + 2] if len(cells) > cell + 2 else []
    elif len(cells) >= 4 and headed and _NO_VALUE.match(cells[2]):
        bus, cell, name, ecc = None, 2, cells[1], cells[3:4]
    elif headed and (match := _BUS.search(line)):
        bus, name, ecc = bus_id(match.group(1)), line[: match.start()], []
    else:
        return None
    lead = _LEAD.match(name.strip(" \t|"))
    if lead is None:
        return None
    shown, mode = _split(lead.group(2).rstrip())
    if mode is None and not cell:
        return None  # without bars only a row that looks like one in every other way
    ecc_shown = ecc[0].strip() if ecc else None
    name_known = known(shown)
    item = SmiRow(
        index=int(lead.group(1)),
        name=name_known,
        name_shown=shown or None,
        name_cut=bool(name_known and name_known.endswith("...")),
        bus_id=bus,
        mode_shown=mode,
        persistence_mode=flag(mode),
        driver_model=mode if mode in {"TCC", "WDDM", "MCDM"} else None,
        ecc_shown=ecc_shown,
        ecc_uncorrected=int(ecc_shown) if ecc_shown and re.fullmatch(r"\d{1,19}", ecc_shown, re.ASCII) else None,
    )
    return Row(_with_error(item, line, [name, *ecc]), cell)


def _split(text: str) -> tuple[str, str | None]:
    """Name and mode. Tables of before 304 have no mode column."""
    name, _, last = text.rpartition(" ")
    return (name.rstrip(), last) if last.lower() in _MODES else (text, None)


def next_line(row: Row, line: str) -> None:
    """The second line of a GPU (fan … memory … compute mode), or the third (MIG mode)."""
    cells = line.split("|")
    memory = _MEMORY.search(line)
    at = next((place for place, part in enumerate(cells) if place and _MEMORY.search(part)), row.cell)
    item = row.item
    if row.second:
        if (
            at
            and len(cells) > at + 2
            and not cells[at - 1].strip(" >")
            and not cells[at].strip()
            and cells[at + 1].strip()
        ):
            row.item = replace(item, mig_mode=item.mig_mode or cells[at + 1].strip())
        return
    if at and len(cells) > at + 1 and (memory or _NO_VALUE.match(cells[at])):
        fan, mode = cells[at - 1].split(), cells[at + 1].split(None, 1) if len(cells) > at + 2 else []
    elif memory:
        fan, mode = line[: memory.start()].strip(" \t|").split(), line[memory.end() :].strip(" \t|\n").split(None, 1)
    else:
        return
    row.second = True
    item = replace(
        item,
        fan=fan[0] if fan else None,
        memory_used_mib=int(memory.group(1)) if memory else None,
        memory_total_mib=int(memory.group(2)) if memory else None,
        compute_mode=mode[1].strip() if len(mode) == 2 else None,
    )
    row.item = _with_error(item, line, cells[at : at + 2] if at else [])


def _with_error(item: SmiRow, line: str, cells: list[str]) -> SmiRow:
    """The GPU, with the first error text in these cells; that it is lost may stand anywhere in the line."""
    lost = _LOST.search(line)
    match = lost or next((found for cell in cells if (found := _ERROR.search(cell))), None)
    if match is None or (item.error is not None and not lost):
        return item
    return replace(item, lost=item.lost or lost is not None, error=match.group())
