"""`nvidia-smi topo -m`: how GPUs and network cards are connected."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.parsers.text import lines

_LOOSE_ESCAPE = re.compile(r"\[\d{1,2}m")
"""A colour whose escape character was lost on the way."""
_DEVICE = re.compile(r"GPU\d{1,4}\Z|NIC\d{1,4}\Z|(?:mlx|bnxt_re|irdma|rocep|ibp|efa|hns|qedr|cxgb)\w{0,24}\Z")
_LINK = re.compile(r"X\Z|SYS\Z|NODE\Z|PHB\Z|PXB\Z|PIX\Z|PSB\Z|SOC\Z|INT\Z|NV\d{1,3}\Z|C2C\Z|N/A\Z|ERR!?\Z")
_NIC = re.compile(r"\s*(NIC\d{1,4}):\s*(\S+)\s*\Z")


class TopologyRow(Struct, frozen=True, kw_only=True):
    """One device, and how it reaches each of `Topology.columns`."""

    name: str
    links: tuple[str, ...]
    """In the order of the columns: X (itself), NV4, PIX, PXB, PHB, NODE, SYS …; shorter where the line was cut."""
    cpu_affinity: str | None = None
    numa_affinity: str | None = None
    """As printed; both are empty on Windows."""


class Topology(Struct, frozen=True, kw_only=True):
    """The matrix."""

    columns: tuple[str, ...]
    """GPU0, GPU1, NIC0 …"""
    rows: tuple[TopologyRow, ...]
    nics: tuple[tuple[str, str], ...] = ()
    """The legend: NIC0 is mlx5_0."""
    complete: bool = False
    """Every column has its row, and every row its links."""

    @property
    def gpus(self) -> tuple[str, ...]:
        """The GPUs among the columns."""
        return tuple(name for name in self.columns if name.startswith("GPU"))

    def link(self, one: str, other: str) -> str | None:
        """How the two are connected, or None where that is not known."""
        for row in self.rows:
            if row.name == one and other in self.columns and self.columns.index(other) < len(row.links):
                return row.links[self.columns.index(other)]
        return None


def parse(text: str | bytes) -> Topology | None:
    """The first matrix in the text, with tabs or the blanks that pasting made of them; None where there is none."""
    columns: tuple[str, ...] = ()
    rows: dict[str, TopologyRow] = {}
    nics: list[tuple[str, str]] = []
    for line in lines(text, longest=1 << 14):
        line = _LOOSE_ESCAPE.sub("", line)  # noqa: PLW2901
        words = line.split()
        if not words:
            continue
        if not columns:
            columns = _columns(line, words)
        elif nic := _NIC.match(line):
            nics.append((nic.group(1), nic.group(2)))
        elif _columns(line, words) and rows:
            break  # a second matrix
        elif words[0] in columns and words[0] not in rows and (row := _row(line, words, len(columns))) is not None:
            rows[row.name] = row
    if not columns or not rows:
        return None
    complete = len(rows) == len(columns) and all(len(row.links) == len(columns) for row in rows.values())
    return Topology(columns=columns, rows=tuple(rows.values()), nics=tuple(nics), complete=complete)


def _columns(line: str, words: list[str]) -> tuple[str, ...]:
    """The devices that a head line names: they stand together at its beginning."""
    found = []
    for word in words:
        if not _DEVICE.match(word):
            break
        found.append(word)
    rest = words[len(found) :]
    headed = (
        (not rest and len(found) > 1) or rest[:2] in (["CPU", "Affinity"], ["NUMA", "Affinity"]) or rest[:1] == ["CPU"]
    )
    return tuple(found) if found and headed and "Affinity" in line + "Affinity" * (not rest) else ()


def _row(line: str, words: list[str], count: int) -> TopologyRow | None:
    links = []
    for word in words[1 : count + 1]:
        if not _LINK.match(word):
            break
        links.append(word)
    if not links:
        return None
    if "\t" in line:
        rest = [cell.strip() for cell in line.strip("\n").split("\t")]
        place = next((at for at, cell in enumerate(rest) if cell == words[0]), 0) + 1 + len(links)
        after = rest[place : place + 2]
    else:
        after = words[1 + len(links) : 3 + len(links)]
    cpu, numa = [*after, "", ""][:2]
    return TopologyRow(name=words[0], links=tuple(links), cpu_affinity=cpu or None, numa_affinity=numa or None)
