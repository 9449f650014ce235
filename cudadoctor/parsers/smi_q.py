"""`nvidia-smi -q`: headings and `key : value` lines, nested by indentation."""

from __future__ import annotations

import re

from cudadoctor.parsers import smi_health
from cudadoctor.parsers.smi import SmiReading, SmiRow, chosen, cuda, driver, first_word, gpu
from cudadoctor.parsers.smi_fields import FIELDS
from cudadoctor.parsers.text import failure, lines, mebibytes

_GPU = re.compile(r"GPU (?:\d{1,3}: ?)?([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f])\s*:?\s*\Z")
_OURS = ("Product Name", "GPU UUID", "FB Memory Usage", "MIG Mode", "Persistence Mode", "Compute Mode", "ECC Mode")
_LAST = frozenset(("processes", "compute processes", "accounted processes", "capabilities"))
"""Sections that end the report of a GPU."""
_PROGRAM = frozenset(("process id", "used gpu memory"))
_WHOLE = frozenset(("Yes", "Enabled", "Disabled"))
"""Values that are no beginning of another one: they are whole even where the text ends behind them."""
_SECTIONS = frozenset(
    ("Remapped Rows", "Retired Pages", "ECC Errors", "Clocks Event Reasons", "Clocks Throttle Reasons", "MIG Mode")
)
"""Headings by which a piece of a report is known, cut out of it without the line that names the GPU."""
_GPUS = 4096


_PATHS = frozenset(path for names in (*FIELDS.values(), *smi_health.FIELDS.values()) for path in names[1])


class _Gpu:
    """The lines of one GPU. `raw` has values by full path, `flat` by their last one or two parts."""

    def __init__(self, bus: str, indent: int) -> None:
        self.bus = bus
        self.indent = indent
        self.raw: dict[str, str] = {}
        self.flat: dict[str, str] = {}
        self.stack: list[tuple[int, str]] = []
        self.heading = ""
        self.migs = 0
        self.ended = False
        self.error: str | None = None
        self.programs = 0
        self.memory: list[int | None] = []

    def add(self, indent: int, key: str, value: str | None) -> None:
        while self.stack and self.stack[-1][0] >= indent:
            self.stack.pop()
        name = key.lower()
        if name in _LAST:
            self.ended = True
        if self.ended and name in _PROGRAM:
            self.program(name, value)
            return
        if value is None:
            self.stack.append((indent, name))
            self.heading = name
            self.migs += name == "mig device"
            return
        if (said := failure(value)) and "lost" in said.lower():
            self.error = said
        if indent > self.indent:
            self.raw.setdefault("/".join([part for _, part in self.stack] + [name]), value)
        else:  # the indentation was lost: the last heading is all that is known
            self.flat.setdefault(name, value)
            self.flat[f"{self.heading}/{name}"] = value

    def program(self, name: str, value: str | None) -> None:
        """A line of the list of programs."""
        if name == "process id":
            self.programs += 1
            self.memory.append(None)
        elif self.memory:
            self.memory[-1] = mebibytes(value)

    def finish(self, index: int) -> SmiRow:
        known = (*FIELDS.values(), *smi_health.FIELDS.values())
        raw = self.raw or {path: self.flat[path] for names in known for path in names[1] if path in self.flat}
        if self.programs:
            raw["processes"] = smi_health.listed(self.programs, self.memory)
        return gpu(chosen("log", raw), index=index, bus=self.bus or None, mig_devices=self.migs, error=self.error)


def parse(text: str | bytes) -> SmiReading | None:
    """The report in the text, which may stand among other text; None where there is none.

    Of several reports (`--loop`) the first. `complete` needs as many GPUs as are attached, the last one to its end.
    """
    top: dict[str, str] = {}
    found: list[_Gpu] = []
    ours = False
    listed = lines(text)
    for at, line in enumerate(listed):
        content = line.strip()
        if "NVSMI LOG" in content:
            if found:
                break
            ours = True
            top.clear()
            continue
        if not content:
            continue
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        if match := _GPU.match(content):
            if len(found) < _GPUS:
                found.append(_Gpu(match.group(1), indent))
            continue
        key, colon, rest = content.partition(":")
        key, value = (key.rstrip(), rest.strip()) if colon and (not rest or rest[0].isspace()) else (content, None)
        if found and at == len(listed) - 1 and key.lower() not in _LAST and value not in _WHOLE:
            break  # what ends the text without a line end may be cut
        if not found and not ours and value is None and key in _SECTIONS:
            found.append(_Gpu("", indent - 1))
        if found:
            found[-1].add(indent, key, value)
            ours = ours or (key in _OURS and bool(found[-1].bus))
        elif value is not None:
            top.setdefault(key.lower(), value)
            ours = ours or key == "Attached GPUs"
    piece = len(found) == 1 and not found[0].bus and any(path in found[0].raw for path in _PATHS)
    if not ours and not piece:
        return None
    cuda_text = first_word(top.get("cuda umd version") or top.get("cuda version"))
    attached = top.get("attached gpus", "")
    number = int(attached) if re.fullmatch(r"\d{1,4}", attached, re.ASCII) else None
    return SmiReading(
        form="log",
        version=driver(top.get("kmd version")) or driver(top.get("driver version")),
        cuda_version=cuda(cuda_text),
        cuda_version_text=cuda_text,
        gpus=tuple(item.finish(index) for index, item in enumerate(found)),
        attached=number,
        complete=number == len(found) and all(item.ended for item in found),
        mig_section=any(item.migs for item in found),
    )
