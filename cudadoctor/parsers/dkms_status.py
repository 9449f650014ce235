"""What `dkms status` prints, in both of its forms: `nvidia/550.120, 6.8.0-45-generic, x86_64: installed` (DKMS 3) and
`nvidia, 470.256.02, 5.15.0-91-generic, x86_64: installed` (DKMS 2).
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

State = Literal["added", "built", "installed", "failed"]
_LINE = re.compile(
    r"(?P<name>nvidia(?!-fs|-peermem)[\w-]{0,30})(?:/|, )(?P<version>\d{2,4}\.[\d.]{1,12})"
    r"(?:, (?P<kernel>\d[\w.+~-]{3,80}), (?P<machine>\w{3,10}))?: (?P<state>added|built|installed|broken)\b"
)


class DkmsLine(Struct, frozen=True, kw_only=True):
    """One line: a version of the NVIDIA driver, for one kernel, or `added` for none."""

    name: str
    version: str
    kernel: str | None
    state: State


def parse_line(line: str) -> DkmsLine | None:
    """The line's values; None where it is no line of the NVIDIA driver."""
    match = _LINE.search(line[:400])
    if match is None:
        return None
    state: State = "failed" if match["state"] == "broken" else match["state"]  # type: ignore[assignment]
    return DkmsLine(name=match["name"], version=match["version"], kernel=match["kernel"], state=state)
