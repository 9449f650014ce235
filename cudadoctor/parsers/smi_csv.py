"""`nvidia-smi --query-gpu=… --format=csv`: with or without header and units."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cudadoctor.parsers.smi import SmiReading, SmiRow, chosen, cuda, driver, first_word, gpu
from cudadoctor.parsers.smi_fields import FIELDS
from cudadoctor.parsers.text import bus_id, known, lines, mebibytes, plain

_TOP = ("driver_version", "kmd_version", "cuda_version", "cuda_umd_version", "count")
_OTHERS = (
    "timestamp",
    "serial",
    "pstate",
    "temperature.gpu",
    "utilization.gpu",
    "power.draw",
    "gpu_serial",
    "vbios_version",
)
_KNOWN = frozenset([name for names in FIELDS.values() for name in names[2]]) | frozenset(_TOP) | frozenset(_OTHERS)
_FOREIGN = frozenset(("pid", "process_name", "used_memory", "used_gpu_memory"))
"""Columns of the queries for processes: their rows are no GPUs."""
_COLUMN = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?: \[[^\]]{1,12}\])?\Z", re.IGNORECASE)
_LONGEST = 1 << 15
_GPUS = 4096
_VALID: dict[str, Callable[[str], object]] = {
    "index": str.isdecimal,
    "uuid": re.compile(r"(?:GPU|MIG)-|[0-9a-f]{8}-", re.IGNORECASE).match,
    "bus": bus_id,
    "total": lambda text: mebibytes(text) is not None,
    "used": lambda text: mebibytes(text) is not None,
    "capability": re.compile(r"\d{1,2}\.\d\Z").match,
    "mig": re.compile(r"(?:En|Dis)abled\Z").match,
}
"""What a value must look like, for rows with another number of values than the header."""


def parse(text: str | bytes, columns: Sequence[str] | None = None) -> SmiReading | None:
    """The rows below the header that the text contains, or with the `columns` that were asked for (noheader).

    None where there is no header (no columns given), or no row (columns given): then it is an error text. A header
    alone is a machine whose GPUs could not be listed.
    """
    listed = lines(text, longest=_LONGEST)
    header = [name.strip().lower() for name in columns or ()]
    start = 0
    if not header:
        first = next((at for at, line in enumerate(listed) if line.strip()), 0)
        for at, line in enumerate(listed):
            if header := _header(line, alone=at == first):
                start = at + 1
                break
        else:
            return None
    gpus: list[SmiRow] = []
    top: dict[str, str] = {}
    ragged = cut = False
    for line in listed[start:]:
        if not line.strip():
            if gpus:
                break
            continue
        values = _fields(line)
        if (raw := _row(header, values)) is None:
            continue
        ragged, cut = ragged or len(values) != len(header), len(values) < len(header)
        for name in _TOP:
            if known(raw.get(name)):
                top.setdefault(name, plain(raw[name]))
        if len(gpus) < _GPUS:
            gpus.append(gpu(chosen("csv", raw), index=len(gpus)))
    if columns and not gpus:
        return None
    cuda_text = first_word(top.get("cuda_umd_version") or top.get("cuda_version"))
    return SmiReading(
        form="csv",
        version=driver(top.get("kmd_version")) or driver(top.get("driver_version")),
        cuda_version=cuda(cuda_text),
        cuda_version_text=cuda_text,
        gpus=tuple(gpus),
        attached=int(top["count"]) if re.fullmatch(r"\d{1,4}", top.get("count", ""), re.ASCII) else None,
        complete=not cut,
        columns=len(header),
        ragged=ragged,
    )


def _fields(line: str) -> list[str]:
    """The line's values. Quotes around a value keep commas inside it; nvidia-smi writes none, spreadsheets do."""
    if '"' not in line:
        return [value.strip() for value in line.split(",")]
    return [(match[0] or match[1]).strip() for match in re.findall(r'(?:\A|,)\s*(?:"([^"]*)"|([^",]*))', line)]


def _header(line: str, *, alone: bool) -> list[str]:
    """The column names where the line is a header, without units; a single name must stand first in the text."""
    matches = [_COLUMN.match(value) for value in _fields(line)]
    names = [match.group(1).lower() for match in matches if match]
    if len(names) < len(matches) or not _KNOWN.intersection(names) or _FOREIGN.intersection(names):
        return []
    return names if len(names) > 1 or alone or "." in names[0] or "_" in names[0] else []


def _row(header: list[str], values: list[str]) -> dict[str, str] | None:
    """The values by column; None where the line is no row of this table.

    A row with too few values was cut: its last value is left out. One with too many has a value with commas in it:
    columns before that value count from the left, those after it from the right, and where the value stands is found
    by what the others must look like. What is not certain then is left out.
    """
    if len(values) == len(header):
        return dict(zip(header, values, strict=True)) if len(header) > 1 or not _sentence(values[0]) else None
    if len(values) < 2:
        return None
    extra = len(values) - len(header)
    if extra < 0:
        aligned: list[str | None] = [*values[:-1], *[None] * (1 - extra)]
    else:
        valid = [_valid(name) for name in header]
        left = [bool(test and test(plain(value))) for test, value in zip(valid, values, strict=False)]
        right = [bool(test and test(plain(value))) for test, value in zip(valid, values[extra:], strict=True)]
        scores = [sum(left[:at]) + sum(right[at:]) for at in range(len(header) + 1)]
        first = scores.index(max(scores))
        last = len(scores) - 1 - scores[::-1].index(max(scores))
        aligned = [*values[:first], *[None] * (last - first), *values[last + extra :]]
    raw = {name: value for name, value in zip(header, aligned, strict=True) if value is not None}
    sure = [test for name, value in raw.items() if (test := _sure(name)) and test(plain(value))]
    return raw if sure else None


def _valid(name: str) -> Callable[[str], object] | None:
    """What a value of the column must look like, where that is known."""
    ours = next((key for key, names in FIELDS.items() if name in names[2]), "")
    return driver if name in {"driver_version", "kmd_version"} else _VALID.get(ours)


def _sure(name: str) -> Callable[[str], object] | None:
    """As `_valid`, for columns whose values cannot be taken for anything else."""
    return _valid(name) if name.endswith(("uuid", "bus_id", "driver_version")) else None


def _sentence(text: str) -> bool:
    """An error text where a single value was asked for."""
    return (
        len(text.split()) > 8
        or text.endswith((".", "!"))
        or text.startswith(("No devices", "Unable", "Failed", "Field"))
    )
