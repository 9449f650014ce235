"""modprobe's configuration (modprobe.d): lines that keep nvidia or nouveau from loading, or give them options."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.text import lines

_MODULES = re.compile(r"(?:nvidia(?:[-_]\w{1,20})?|nouveau|nova[-_]core)\Z")
_NOTHING = re.compile(r"(?:/usr)?/?(?:s?bin/)?(?:true|false|:)\b")


class Line(Struct, frozen=True, kw_only=True):
    """One line that matters."""

    number: int
    kind: Literal["blacklist", "off", "options", "install"]
    module: str
    """With underscores, as the kernel has it."""
    value: str
    text: str


def parse(text: str | bytes) -> tuple[Line, ...]:
    """Every such line of a file."""
    found: list[Line] = []
    for number, raw in enumerate(lines(text), 1):
        words = raw.split("#", 1)[0].split()
        if len(words) < 2 or not _MODULES.match(words[1]):
            continue
        rest = " ".join(words[2:])
        kind: Literal["blacklist", "off", "options", "install"]
        if words[0] == "blacklist":
            kind = "blacklist"
        elif words[0] == "alias" and rest == "off":
            kind = "off"
        elif words[0] == "install":
            kind = "off" if _NOTHING.match(rest) else "install"
        elif words[0] == "options" and rest:
            kind = "options"
        else:
            continue
        found.append(
            Line(number=number, kind=kind, module=words[1].replace("-", "_"), value=rest, text=" ".join(words)[:240])
        )
    return tuple(found)
