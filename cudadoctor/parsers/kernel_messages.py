"""What a kernel log can say of NVIDIA's driver, as values."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.proc_version import ProcVersion
from cudadoctor.versions import DriverVersion

KernelLineKind = Literal[
    "fallen-off-bus",
    "init-failed",
    "needs-open-module",
    "open-module-unsupported",
    "open-module-needs-flag",
    "gsp-firmware-missing",
    "bar-not-assigned",
    "no-gpu",
    "probe-not-called",
    "signature-tainted",
    "signature-refused",
    "version-magic",
    "gpu-not-supported",
    "held-by-other",
    "power-cables",
    "bus-error",
    "resumed",
]


class Xid(Struct, frozen=True, kw_only=True):
    """An error that the driver reports of a GPU."""

    code: int
    bus_id: str | None
    text: str = ""
    time: str | None = None
    """As the log has it: seconds since boot, a date, microseconds (/dev/kmsg)."""
    line: int = 0
    """The number of its line in the text, from 1."""


class ApiMismatch(Struct, frozen=True, kw_only=True):
    """The user-space libraries and the kernel module are of different versions."""

    client: DriverVersion | None
    module: DriverVersion | None
    time: str | None = None
    line: int = 0
    text: str = ""


class LegacyGpu(Struct, frozen=True, kw_only=True):
    """A GPU that this driver leaves alone because an older branch supports it."""

    name: str
    branch: int
    """470, 580 …: the newest branch that serves it."""
    driver: DriverVersion | None = None
    """The driver that ignores it."""
    time: str | None = None
    line: int = 0
    text: str = ""


class KernelLine(Struct, frozen=True, kw_only=True):
    """A line of a known kind."""

    kind: KernelLineKind
    text: str
    """A message that the log wrapped over several lines is joined."""
    bus_id: str | None = None
    time: str | None = None
    line: int = 0
    """The number of its (first) line in the text, from 1."""


class KernelMessages(Struct, frozen=True, kw_only=True):
    """What a kernel log says of NVIDIA's driver; all empty where it says nothing."""

    xids: tuple[Xid, ...] = ()
    mismatches: tuple[ApiMismatch, ...] = ()
    """Each pair of versions once."""
    legacy: tuple[LegacyGpu, ...] = ()
    lines: tuple[KernelLine, ...] = ()
    loaded: ProcVersion | None = None
    """The module that was loaded last ("NVRM: loading …")."""
    loaded_line: int = 0
    loaded_time: str | None = None
