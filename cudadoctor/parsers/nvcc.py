"""`nvcc --version`."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.parsers.text import tidy
from cudadoctor.versions import ToolkitVersion

_RELEASE = re.compile(r"Cuda compilation tools, release\s+(\d{1,2}\.\d{1,2})(?:\s*,\s*V(\d{1,2}\.\d{1,2}\.\d{1,4}))?")
_BUILD = re.compile(r"\bBuild\s+(cuda_(\d{1,2}\.\d{1,2})\.\S{1,80})")
_BUILT = re.compile(r"Built on\s+([A-Z]\S{5,60})")
_PROGRAM = re.compile(r"\b(\w{1,20}): NVIDIA \(R\)")


class NvccVersion(Struct, frozen=True, kw_only=True):
    """A tool of the CUDA toolkit as it names itself."""

    release: ToolkitVersion
    """10.1 or, where the full number is printed, 10.1.243."""
    version: str | None = None
    """The number after V: `10.1.243`."""
    build: str | None = None
    """`cuda_11.7.r11.7/compiler.31442593_0` (11.0 and newer)."""
    built: str | None = None
    """The date, words joined: `Wed Jun 8 16:49:14 PDT 2022`."""
    program: str | None = None
    """`nvcc`; ptxas, cuobjdump and others print the same lines."""


def parse(text: str | bytes) -> NvccVersion | None:
    """The first release line in the text, which may stand among other text and be wrapped; None where there is none."""
    body = tidy(text)
    release = _RELEASE.search(body)
    near = body[max(0, release.start() - 400) : release.end() + 200] if release else body
    build = _BUILD.search(near)
    number = release.group(2) or release.group(1) if release else build.group(2) if build else ""
    found = ToolkitVersion.parse(number)
    if found is None:
        return None
    built = _BUILT.search(near)
    program = _PROGRAM.search(near)
    return NvccVersion(
        release=found,
        version=release.group(2) if release else None,
        build=build.group(1) if build else None,
        built=" ".join(built.group(1).replace("_", " ").split()) if built else None,
        program=program.group(1) if program else None,
    )
