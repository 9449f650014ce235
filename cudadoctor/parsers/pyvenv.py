"""`pyvenv.cfg`: the mark of a virtual environment."""

from __future__ import annotations

import re

from msgspec import Struct

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")


class PyvenvCfg(Struct, frozen=True, kw_only=True):
    """What the file tells."""

    home: str | None = None
    """The directory of the interpreter that the environment was made from."""
    version: str | None = None
    """`3.11.7`."""
    system_site_packages: bool = False
    """The packages of that interpreter are seen too."""
    uv: bool = False
    """Made by uv: there may be no pip in it."""


def parse(text: str) -> PyvenvCfg:
    """The `key = value` lines as venv, virtualenv (`version_info = 3.8.10.final.0`) and uv write them."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            values[key.strip().lower()] = value.strip()
    match = _VERSION.match(values.get("version_info") or values.get("version") or "")
    return PyvenvCfg(
        home=values.get("home") or None,
        version=match.group() if match else None,
        system_site_packages=values.get("include-system-site-packages", "").lower() == "true",
        uv="uv" in values,
    )
