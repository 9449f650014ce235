"""Any form of nvidia-smi's output, told apart by what is in it."""

from __future__ import annotations

from cudadoctor.parsers import smi_csv, smi_list, smi_q, smi_table, smi_version, smi_xml
from cudadoctor.parsers.smi import SmiReading


def parse(text: str | bytes) -> SmiReading | None:
    """The first form that is found, of those that say most; None where there is none."""
    return (
        smi_xml.parse(text)
        or smi_q.parse(text)
        or smi_table.parse(text)
        or smi_csv.parse(text)
        or smi_version.parse(text)
        or smi_list.parse(text)
    )
