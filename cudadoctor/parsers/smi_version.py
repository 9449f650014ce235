"""`nvidia-smi --version` (driver 530 and newer)."""

from __future__ import annotations

import re

from cudadoctor.parsers.smi import SmiReading, cuda, driver, first_word
from cudadoctor.parsers.text import lines

_LINE = re.compile(
    r"[\s|]*(NVIDIA-SMI|NVML|DRIVER|KMD|CUDA UMD|CUDA(?: DRIVER)?) version\s*:\s*(\S.*)?\Z", re.IGNORECASE
)


def parse(text: str | bytes) -> SmiReading | None:
    """The versions; None where neither nvidia-smi's nor NVML's own version is printed in this form."""
    found: dict[str, str] = {}
    for line in lines(text):
        if match := _LINE.match(line):
            found.setdefault(match.group(1).lower(), (match.group(2) or "").strip())
    if "nvidia-smi" not in found and "nvml" not in found:
        return None
    cuda_text = first_word(found.get("cuda umd") or found.get("cuda") or found.get("cuda driver"))
    return SmiReading(
        form="version",
        version=driver(found.get("kmd")) or driver(found.get("driver")),
        cuda_version=cuda(cuda_text),
        cuda_version_text=cuda_text,
        smi_version=driver(found.get("nvidia-smi")),
        nvml_version=driver(found.get("nvml")),
        complete=any(name.startswith("cuda") for name in found),
    )
