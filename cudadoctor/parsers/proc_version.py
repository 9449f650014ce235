"""`/proc/driver/nvidia/version`: the running kernel module (on FreeBSD the sysctl `hw.nvidia.version`)."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.text import lines
from cudadoctor.versions import DriverVersion

_MODULE = re.compile(
    r"NVIDIA UNIX (?:(?P<open>Open) Kernel Module(?: for (?P<arch>\S{1,20}))?|(?P<closed>\S{1,20}) Kernel Module)"
    r"(?:\s+(?P<version>\d[\d.]*)(?P<rest>(?:\s.*)?))?",
    re.IGNORECASE,
)
_COMPILER = re.compile(r"GCC version:\s*(\S.*)")
_BUILDER = re.compile(r"\([^()]*\)?")


class ProcVersion(Struct, frozen=True, kw_only=True):
    """The kernel module as it names itself."""

    version: DriverVersion | None
    """None where the line is cut before it."""
    module: Literal["open", "proprietary"]
    arch: str | None = None
    """`x86_64`, `aarch64`, `x86`."""
    built: str | None = None
    """The build date as printed, in the language of the machine that built it."""
    compiler: str | None = None
    """What follows "GCC version:": it may be clang, or an error text where the build found no version."""


def parse(text: str | bytes) -> ProcVersion | None:
    """The first such line, which may stand among other text; None where there is none.

    A line "NVRM version:" is preferred: the kernel log has lines of the same form that say what was loaded once.
    """
    found: re.Match[str] | None = None
    named = False
    compiler = None
    for line in lines(text):
        match = _MODULE.search(line)
        here = match is not None and "NVRM version" in line[: match.start()]
        if match and (found is None or (here and not named)) and "NVRM: loading" not in line:
            found, named, compiler = match, here, None
        elif found is not None and compiler is None and (second := _COMPILER.search(line)):
            compiler = second.group(1).strip()
    if found is None:
        return None
    arch = found["arch"] or found["closed"]
    rest = _BUILDER.sub(" ", (found["rest"] or "").replace("Release Build", " ").replace("Debug Build", " "))
    return ProcVersion(
        version=DriverVersion.parse((found["version"] or "").rstrip(".")),
        module="open" if found["open"] else "proprietary",
        arch=arch,
        built=" ".join(rest.split()) or None,
        compiler=compiler,
    )
