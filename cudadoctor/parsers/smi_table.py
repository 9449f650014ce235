"""The table that `nvidia-smi` prints without arguments, of every generation from 340 on.

Nothing depends on column widths, which have changed four times: a row is found by its PCI bus id, or by its place in
the table where there is none, and its cells by the bars around them.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cudadoctor.parsers.smi import SmiReading, SmiRow, cuda, driver
from cudadoctor.parsers.smi_rows import Row, first_line, next_line
from cudadoctor.parsers.text import lines

_SMI = re.compile(r"NVIDIA-SMI\s+(\d[^\s|]*)(?=[\s|])")
_DRIVER = re.compile(r"\b(?:KMD|Driver)\s+Version:\s*([^\s|]+)(?=[\s|])")
_CUDA = re.compile(r"\bCUDA(?:\s+UMD)?\s+Version:\s*([^\s|]+)(?=[\s|])")
_TITLE = re.compile(r"(?:^|\|)\s*(?:(mig) devices|(?:compute )?(processes)):", re.IGNORECASE)
_MIG_ROW = re.compile(r"\s*(\d{1,4})\s+\d+\s+\d+\s+\d+\s*\Z")
_PROGRAM = re.compile(
    r"\|?\s+(\d{1,4})\s+(?:(?:N/A|\d{1,3})\s+(?:N/A|\d{1,3})\s+)?(\d{1,8})\s+(?:C|G|C\+G|M|M\+C)\s+\S"
)
_USED = re.compile(r"\s(\d{1,9})MiB\s*\|?\s*\Z")
_GPUS = 4096


class _Table:
    """What was read so far."""

    def __init__(self) -> None:
        self.smi: str | None = None
        self.version: str | None = None
        self.cuda: str | None = None
        self.rows: list[Row] = []
        self.migs: dict[int, int] = {}
        self.part = "gpus"
        self.mig_section = False
        self.programs: dict[int, list[int | None]] | None = None
        """By GPU: what each program uses; None where no list was printed."""

    def add(self, line: str) -> bool:
        """Take the line; whether to go on (False: a second table begins)."""
        if "Version:" in line and (match := _SMI.search(line)):
            if self.smi or self.rows:
                return False
            self.smi, self.version, self.cuda = match.group(1), _group(_DRIVER, line), _group(_CUDA, line)
        elif title := _TITLE.search(line):
            if self.smi or self.rows:
                self.part = (title.group(1) or title.group(2)).lower()
                self.mig_section = self.mig_section or self.part == "mig"
        elif self.part == "mig":
            cells = line.split("|")
            if len(cells) > 2 and (device := _MIG_ROW.match(cells[1])):
                self.migs[int(device.group(1))] = self.migs.get(int(device.group(1)), 0) + 1
        elif self.part == "processes":
            self._program(line)
        elif self.part == "gpus" and len(self.rows) < _GPUS:
            if row := first_line(line, headed=self.smi is not None):
                self.rows.append(row)
            elif self.rows:
                next_line(self.rows[-1], line)
        return True

    def _program(self, line: str) -> None:
        if "No running processes found" in line:
            self.programs = self.programs or {}
        elif match := _PROGRAM.match(line):
            self.programs = self.programs if self.programs is not None else {}
            used = _USED.search(line)
            self.programs.setdefault(int(match.group(1)), []).append(int(used.group(1)) if used else None)


def parse(text: str | bytes) -> SmiReading | None:
    """The first table in the text, which may stand among other text; None where there is none.

    `complete` is True where the table's next box (MIG devices, processes) begins after the GPUs.
    """
    table = _Table()
    listed = lines(text)
    for line in (*map(_ended, listed[:-1]), listed[-1]):
        if not table.add(line):
            break
    headed = table.smi is not None
    rows = [row.item for row in table.rows if headed or row.second]
    if not headed and not rows:
        return None
    return SmiReading(
        form="table",
        version=driver(table.version),
        cuda_version=cuda(table.cuda),
        cuda_version_text=table.cuda,
        smi_version=driver(table.smi),
        gpus=tuple(replace(item, mig_devices=table.migs.get(item.index, 0), **_listed(table, item)) for item in rows),
        complete=headed and table.part != "gpus",
        mig_section=table.mig_section,
    )


def _listed(table: _Table, item: SmiRow) -> dict[str, int | None]:
    if table.programs is None:
        return {}
    used = table.programs.get(item.index, [])
    known = [one for one in used if one is not None]
    return {"processes": len(used), "processes_memory_mib": sum(known) if len(known) == len(used) else None}


def _ended(line: str) -> str:
    """A line that goes to its end, with the bar that stripping took; what ends the last line may be a cut."""
    line = line.rstrip()
    return (line + "|\n") if "|" in line and not line.endswith("|") else line + "\n"


def _group(pattern: re.Pattern[str], line: str) -> str | None:
    match = pattern.search(line)
    return match.group(1) if match else None
