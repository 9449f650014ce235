"""`nvidia-smi -L`: one line for each GPU and, indented, for each MIG device."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cudadoctor.parsers.smi import SmiReading, SmiRow
from cudadoctor.parsers.text import failure, known, lines

_GPU = re.compile(r"(?:^|[\s|])GPU (\d{1,4}): (\S.*?)\((UUID|S/N):\s*([^()]*)(\)?)")
_MIG = re.compile(r"(?:^|\s)MIG \S+\s+Device\s+\d+:\s*\(UUID:\s*MIG-")
_LOST = re.compile(r"Unable to determine the device handle for GPU", re.IGNORECASE)
_GPUS = 4096


def parse(text: str | bytes) -> SmiReading | None:
    """The GPUs in the order of their lines; None where no line names one with its UUID.

    `complete` is False where the last line is cut, or where nvidia-smi says that it left a GPU out.
    """
    gpus: list[SmiRow] = []
    migs = 0
    complete = True
    for line in lines(text, longest=300):
        if match := _GPU.search(line):
            index, name, kind, number, closed = match.groups()
            if gpus and int(index) <= gpus[-1].index:
                break  # a second list
            uuid = known(number) if kind == "UUID" and closed else None
            error = failure(number)
            lost = bool(error and "lost" in error.lower())
            if len(gpus) < _GPUS:
                gpus.append(SmiRow(index=int(index), name=known(name.strip()), uuid=uuid, error=error, lost=lost))
            complete = complete and bool(closed)
        elif gpus and _MIG.search(line):
            gpus[-1] = replace(gpus[-1], mig_devices=gpus[-1].mig_devices + 1)
            migs += 1
        elif _LOST.search(line):
            complete = False
    if not gpus:
        return None
    return SmiReading(form="list", gpus=tuple(gpus), complete=complete, mig_section=migs > 0)
