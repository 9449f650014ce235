"""DKMS's make.log: for which kernel a module was being built, and why the build failed."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.text import lines

Reason = Literal["headers-missing", "compiler-missing", "compiler-differs", "kernel-too-new", "no-space", "other"]

_KERNEL = re.compile(r"make\.log for \S{1,120} for kernel (\S{1,120})")
_REASONS: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    ("no-space", re.compile(r"No space left on device")),
    (
        "headers-missing",
        re.compile(r"kernel headers for kernel \S{1,120} cannot be found|Unable to find the kernel source"),
    ),
    ("headers-missing", re.compile(r"/lib/modules/\S{1,120}/build: No such file|No rule to make target ['`]?modules")),
    ("compiler-missing", re.compile(r"\b(?:gcc|cc|clang|x86_64-linux-gnu-gcc)(?:-\d{1,2})?: (?:command )?not found")),
    (
        "compiler-missing",
        re.compile(r"unable to execute ['\"]?\S{0,40}gcc|No such file or directory: ['\"]?\S{0,40}gcc"),
    ),
    (
        "compiler-differs",
        re.compile(r"cc_version_check failed|Compiler version check failed|compiler differs from the one"),
    ),
    (
        "compiler-differs",
        re.compile(r"unrecognized command[- ]line option ['‘`\"]?-f|plugin is incompatible|Incompatible gcc/plugin"),
    ),
    # What a driver says that uses an interface which this kernel no longer has, or has in another form.
    (
        "kernel-too-new",
        re.compile(r"error: implicit declaration of function|error: too (?:few|many) arguments to function"),
    ),
    ("kernel-too-new", re.compile(r"error: ['‘`]?(?:struct|const struct) .{1,80} has no member named")),
    (
        "kernel-too-new",
        re.compile(r"error: (?:incompatible type for argument|passing argument|initialization of|assignment )"),
    ),
    (
        "kernel-too-new",
        re.compile(
            r"fatal error: (?:linux|drm|asm)/\S{1,80}: No such file|error: redefinition of|error: conflicting types"
        ),
    ),
    (
        "kernel-too-new",
        re.compile(r"error: .{0,80}undeclared|ERROR: modpost: (?:GPL-incompatible module|.{0,80} undefined!)"),
    ),
)
"""The most telling first; which line stood first does not count: compilers go on after the deciding error."""


class MakeLog(Struct, frozen=True, kw_only=True):
    """A build's log."""

    kernel: str | None
    failed: bool
    reason: Reason | None
    """None where nothing in it says that it failed."""
    line: str
    """The line that says so; empty where there is none."""


def parse(text: str | bytes) -> MakeLog:
    """What the log says. Only the part that is given is looked at."""
    kernel: str | None = None
    best: tuple[int, str] | None = None
    failed = ""
    for line in lines(text):
        if kernel is None and (match := _KERNEL.search(line)):
            kernel = match.group(1)
        if failed == "" and ("Error " in line or "error:" in line or "*** " in line):
            failed = line.strip()
        for rank, (_, pattern) in enumerate(_REASONS):
            if (best is None or rank < best[0]) and pattern.search(line):
                best = (rank, line.strip())
                break
    if best is not None:
        return MakeLog(kernel=kernel, failed=True, reason=_REASONS[best[0]][0], line=best[1])
    return MakeLog(kernel=kernel, failed=bool(failed), reason="other" if failed else None, line=failed)
