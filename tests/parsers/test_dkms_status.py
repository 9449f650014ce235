"""`dkms status` of DKMS 2 and 3."""

from __future__ import annotations

import pytest

from cudadoctor.facts.kernel import DkmsModule
from cudadoctor.facts.seen import Seen
from cudadoctor.parsers.dkms_status import parse_line

SEEN = Seen(where="line 1", text="dkms status")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "nvidia/550.120, 6.8.0-45-generic, x86_64: installed",
            DkmsModule(name="nvidia", version="550.120", kernel="6.8.0-45-generic", state="installed", seen=SEEN),
        ),
        (
            "nvidia, 470.256.02, 5.15.0-91-generic, x86_64: installed (WARNING! Diff between built and installed)",
            DkmsModule(name="nvidia", version="470.256.02", kernel="5.15.0-91-generic", state="installed", seen=SEEN),
        ),
        (
            "nvidia-current/535.247.01: added",
            DkmsModule(name="nvidia-current", version="535.247.01", kernel=None, state="added", seen=SEEN),
        ),
        (
            "nvidia-open/580.95.05, 6.14.0-33-generic, x86_64: built",
            DkmsModule(name="nvidia-open", version="580.95.05", kernel="6.14.0-33-generic", state="built", seen=SEEN),
        ),
        ("nvidia-fs/2.17.5, 5.15.0-91-generic, x86_64: installed", None),
        ("virtualbox/7.0.20, 6.8.0-45-generic, x86_64: installed", None),
        ("NVIDIA/550 is installed", None),
    ],
)
def test_line(line: str, expected: DkmsModule | None) -> None:
    assert parse_line(line, SEEN) == expected
