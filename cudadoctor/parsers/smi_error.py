"""What nvidia-smi says, and exits with, where it fails.

The exit codes are nvmlReturn_t (nvml.h). nvidia-smi's manual page lists 0, 2, 3, 4, 6, 8, 9, 10, 12, 13, 14, 15 and 255
(https://docs.nvidia.com/deploy/nvidia-smi/, read 2026-11-23); 18 for a version mismatch is not listed, and was seen.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.text import bus_id, lines
from cudadoctor.versions import DriverVersion

SmiErrorKind = Literal[
    "driver-not-loaded",
    "version-mismatch",
    "no-devices",
    "gpu-lost",
    "gpu-unknown-error",
    "gpu-not-found",
    "no-permission",
    "library-missing",
    "nvml-unknown-error",
    "os-blocked",
    "bad-argument",
    "not-supported",
    "power-cables",
    "interrupt",
    "function-missing",
    "inforom-corrupt",
    "reset-required",
    "not-installed",
    "other",
]

_BUS = r"(?P<bus>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f])"
_HANDLE = rf"determine the device handle for GPU\s*(?:\d{{1,3}})?:?\s*(?:{_BUS})?:?\s*"
_TEXTS: tuple[tuple[SmiErrorKind, int, str, str], ...] = (
    # kind, exit status, a word that must be in the line (lower case), the pattern
    ("version-mismatch", 18, "mismatch", r"driver/library version mismatch|lib(?:rary)?/?RM version mismatch"),
    ("driver-not-loaded", 9, "communicate", r"couldn.?t communicate with the NVIDIA driver"),
    ("driver-not-loaded", 9, "not loaded", r"NVML: Driver Not Loaded"),
    ("library-missing", 12, "find ", r"couldn.?t find (?:libnvidia-ml\.so|nvml\.dll)"),
    ("library-missing", 12, "not found", r"NVML: NVML Shared Library Not Found"),
    ("gpu-lost", 15, "device handle", _HANDLE + r"GPU is lost"),
    ("gpu-unknown-error", 255, "device handle", _HANDLE + r"Unknown Error"),
    ("gpu-not-found", 6, "device handle", _HANDLE + r"Not Found"),
    ("no-permission", 4, "device handle", _HANDLE + r"Insufficient Permissions"),
    ("reset-required", 16, "device handle", _HANDLE + r"(?:GPU requires reset|Reset Required)"),
    ("gpu-lost", 15, "gpu is lost", r"(?:NVML|NVIDIA-SMI).{0,80}: GPU is lost|\bGPU is lost\.\s+Reboot the system"),
    (
        "no-permission",
        4,
        "permission",
        r"initialize NVML: Insufficient Permissions|current user does not have permission",
    ),
    ("os-blocked", 17, "blocked", r"GPU access blocked by the operating system"),
    ("nvml-unknown-error", 255, "unknown error", r"initialize NVML: Unknown Error"),
    ("no-devices", 6, "no devices", r"No devices were found|\A\W*No devices found\W*\Z"),
    ("function-missing", 13, "not found", r"NVML: Function Not Found"),
    ("inforom-corrupt", 14, "inforom", r"infoROM is corrupted"),
    ("bad-argument", 2, "valid field", r"is not a valid field to query"),
    ("bad-argument", 2, "combination", r"Invalid combination of input arguments"),
    ("bad-argument", 2, "recognized", r"is not recognized\. Please run '?nvidia-smi"),
    ("not-installed", 127, "nvidia-smi", r"nvidia-smi(?:\.exe)?['’\"]?:? (?:command )?(?:not found|not recognized)"),
    ("not-installed", 127, "nvidia-smi", r"nvidia-smi['’\"]? is not recognized as|Unknown command:? ['\"]?nvidia-smi"),
    ("not-installed", 127, "nvidia-smi", r"Command ['‘\"]nvidia-smi['’\"] not found|command not found: nvidia-smi"),
    ("not-installed", 127, "nvidia-smi", r"nvidia-smi: No such file|[\"']nvidia-smi[\"']: executable file not found"),
    ("other", 255, "nvml", r"initialize NVML: \S"),
    ("other", 255, "nvidia-smi", r"NVIDIA-SMI has failed"),
)
"""The most telling first. Patterns are compiled when their word is met: all of them at start-up would cost 10 ms."""
_CODES: dict[int, SmiErrorKind] = {
    2: "bad-argument",
    3: "not-supported",
    4: "no-permission",
    6: "no-devices",
    8: "power-cables",
    9: "driver-not-loaded",
    10: "interrupt",
    12: "library-missing",
    13: "function-missing",
    14: "inforom-corrupt",
    15: "gpu-lost",
    16: "reset-required",
    17: "os-blocked",
    18: "version-mismatch",
    127: "not-installed",
}
_LIBRARY = re.compile(r"NVML library version:\s*(\d[\d.]*)", re.IGNORECASE)


class SmiError(Struct, frozen=True, kw_only=True):
    """How nvidia-smi failed."""

    kind: SmiErrorKind
    code: int
    """The exit status that goes with the kind (the one that was seen may differ: it has exited 0 as well)."""
    message: str | None = None
    """The line that says it; None where only the exit status does."""
    library_version: DriverVersion | None = None
    """Of the user-space library, where a version mismatch names it (its third number is often left out)."""
    bus_ids: tuple[str, ...] = ()
    """GPUs of which it says this."""


def parse(text: str | bytes, exit_code: int | None = None) -> SmiError | None:
    """What the text says, and where it says nothing known, what the exit status means.

    None where there is no sign of a failure (exit status 0 or not known, and no error text). Of several texts the most
    telling counts: a GPU that is lost before "No devices were found".
    """
    found: list[tuple[int, str, re.Match[str]]] = []
    library: DriverVersion | None = None
    for line in lines(text):
        if match := _LIBRARY.search(line):
            library = library or DriverVersion.parse(match.group(1).rstrip("."))
        lowered = line.lower()
        for rank, (_, _, word, pattern) in enumerate(_TEXTS):
            if word in lowered and (match := re.search(pattern, line, re.IGNORECASE)):
                found.append((rank, line.strip()[:500], match))
                break
    if not found:
        if not exit_code:
            return None
        kind = _CODES.get(exit_code, "other")
        return SmiError(kind=kind, code=exit_code, library_version=library)
    rank, message, _ = min(found, key=lambda item: item[0])
    kind, code, _, _ = _TEXTS[rank]
    buses = [bus for at, _, match in found if at == rank and (bus := bus_id(match.groupdict().get("bus") or ""))]
    return SmiError(kind=kind, code=code, message=message, library_version=library, bus_ids=tuple(dict.fromkeys(buses)))
