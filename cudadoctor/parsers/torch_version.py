"""`torch/version.py`, read as text: what the build was made for, without importing it."""

from __future__ import annotations

import re

from msgspec import Struct

_LINE = re.compile(
    r"^(__version__|cuda|hip|rocm|xpu|debug)[ \t]*(?::[^=\n]*)?=[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|(\w+))",
    re.MULTILINE,
)


class TorchVersion(Struct, frozen=True, kw_only=True):
    """The build as its own version.py has it. None: not built for that, or (in older releases) not said."""

    version: str
    """`1.4.0`, `2.13.0+cpu`."""
    cuda: str | None = None
    """`10.1`, in older releases `9.0.176`."""
    says_cuda: bool = False
    """The file has a line about CUDA: None then means that the build has none."""
    hip: str | None = None
    xpu: str | None = None
    debug: bool = False


def parse(text: str) -> TorchVersion | None:
    """The values, in the forms of all releases from 0.2 on (`cuda = '9.0'`, `cuda: Optional[str] = None`)."""
    values: dict[str, str | None] = {}
    for name, single, double, word in _LINE.findall(text):
        values[name] = (single or double or None) if word in {"", "None"} else word
    version = values.get("__version__")
    if version is None:
        return None
    return TorchVersion(
        version=version,
        cuda=values.get("cuda"),
        says_cuda="cuda" in values,
        hip=values.get("hip") or values.get("rocm"),
        xpu=values.get("xpu"),
        debug=values.get("debug") == "True",
    )
