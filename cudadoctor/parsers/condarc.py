"""`.condarc`: the few keys that matter here, without a YAML library.

conda's own files are plain: keys at the left margin with a value, a `[list]` in brackets, or a `- list` below.
"""

from __future__ import annotations

import re

from msgspec import Struct

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*:(?:[ \t]+(.*))?\Z")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)\Z")
_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})


class Condarc(Struct, frozen=True, kw_only=True):
    """One file. Empty or None where it does not say."""

    channels: tuple[str, ...] = ()
    envs_dirs: tuple[str, ...] = ()
    auto_activate: bool | None = None


def parse(text: str) -> Condarc:
    """The channels, the folders of environments and whether `base` is activated by itself."""
    values: dict[str, list[str]] = {}
    key: str | None = None
    for raw in text.splitlines():
        line = _uncommented(raw[:4096]).rstrip()
        if not line.strip() or line.strip() == "---":
            continue
        item, start = _ITEM.match(line), _KEY.match(line)
        if item and key is not None:
            values[key].append(_scalar(item.group(1)))
        elif start:
            key = start.group(1)
            values[key] = _values(start.group(2) or "")
        elif not line[0].isspace():
            key = None
    auto = (values.get("auto_activate") or values.get("auto_activate_base") or [""])[-1].lower()
    return Condarc(
        channels=_several(values, "channels", "channel"),
        envs_dirs=_several(values, "envs_dirs", "envs_path"),
        auto_activate=True if auto in _TRUE else False if auto in _FALSE else None,
    )


def _several(values: dict[str, list[str]], *keys: str) -> tuple[str, ...]:
    return tuple(item for key in keys for item in values.get(key, []) if item)


def _values(text: str) -> list[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(part) for part in text[1:-1].split(",")]
    return [_scalar(text)] if text else []


def _scalar(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _uncommented(line: str) -> str:
    """The line without its comment: a `#` at the margin or behind a space."""
    return "" if line.lstrip().startswith("#") else re.split(r"[ \t]#", line, maxsplit=1)[0]
