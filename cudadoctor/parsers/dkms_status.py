"""What `dkms status` prints, in both of its forms: `nvidia/550.120, 6.8.0-45-generic, x86_64: installed` (DKMS 3) and
`nvidia, 470.256.02, 5.15.0-91-generic, x86_64: installed` (DKMS 2).
"""

from __future__ import annotations

import re

from cudadoctor.facts.kernel import DkmsModule
from cudadoctor.facts.seen import Seen

_LINE = re.compile(
    r"(?P<name>nvidia(?!-fs|-peermem)[\w-]{0,30})(?:/|, )(?P<version>\d{2,4}\.[\d.]{1,12})"
    r"(?:, (?P<kernel>\d[\w.+~-]{3,80}), (?P<machine>\w{3,10}))?: (?P<state>added|built|installed|broken)\b"
)


def parse_line(line: str, seen: Seen) -> DkmsModule | None:
    """The line's values; None where it is no line of the NVIDIA driver."""
    match = _LINE.search(line[:400])
    if match is None:
        return None
    state = "failed" if match["state"] == "broken" else match["state"]
    return DkmsModule(name=match["name"], version=match["version"], kernel=match["kernel"], state=state, seen=seen)  # type: ignore[arg-type]
