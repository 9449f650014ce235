"""Expectations from TOML and from the command line. What is wrong with them is a ValueError that names the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cudadoctor.facts.expected import Expectation, Ignored

COUNT = re.compile(r"(>=|<=|==|>|<|!=)?\s*\d{1,5}\Z")
SPEC = re.compile(r"(>=|<=|==|~=|!=|>|<)?\s*\d+(\.\d+)*(\.\*)?(\s*,\s*(>=|<=|==|~=|!=|>|<)\s*\d+(\.\d+)*(\.\*)?)*\Z")
SIZE = re.compile(r"(>=|<=|==|>|<)?\s*\d+(\.\d+)?\s*(MiB|GiB|TiB)\Z")
FLAG = re.compile(r"(true|false)\Z")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")

KEYS: Mapping[str, tuple[tuple[re.Pattern[str], ...], str]] = {
    "gpus": ((COUNT,), "a number such as 8 or >=1"),
    "gpu": ((TEXT,), "a part of the GPU's name, such as H100"),
    "compute": ((SPEC,), "a version such as >=8.0"),
    "driver": ((SPEC,), "a version such as >=580"),
    "toolkit": ((SPEC, FLAG), "a version such as 12.*, or false for none"),
    "torch": ((SPEC, FLAG), "a version such as >=2.7,<2.15, or false for none"),
    "torch_cuda": ((SPEC, FLAG), "a version such as 13.*, or false for a CPU build"),
    "python": ((SPEC,), "a version such as >=3.11"),
    "memory": ((SIZE,), "a size of each GPU such as >=40GiB"),
    "mig": ((FLAG,), "true or false"),
    "require": ((NAME,), "names of variables that must be set"),
    "forbid": ((NAME,), "names of variables that must not be set"),
}
"""Key → the forms of its value, and how to write one."""


def from_word(word: str) -> tuple[Expectation, ...]:
    """`--expect gpus=8`. Raises ValueError."""
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"`{word}` is neither a file nor key=value; keys are {', '.join(KEYS)}")
    if key.strip() in ("require", "forbid"):
        return tuple(_one(key.strip(), name.strip(), "--expect") for name in value.split(","))
    return (_one(key.strip(), value.strip(), "--expect"),)


def from_table(table: Mapping[str, Any], origin: str) -> tuple[tuple[Expectation, ...], tuple[Ignored, ...]]:
    """The contents of `cudadoctor.toml`, or of `[tool.cudadoctor]`. Raises ValueError."""
    ignored = table.get("ignore", {})
    if not isinstance(ignored, Mapping):
        text = '`ignore` is not a table: write [ignore], then lines such as TR001 = "the reason"'
        raise ValueError(text)  # noqa: TRY004  what is in a file is a value
    wanted = tuple(one for key, value in table.items() if key != "ignore" for one in _of(key, value, origin))
    return wanted, tuple(_ignored(name, value, origin) for name, value in ignored.items())


def _of(key: str, value: object, origin: str) -> Iterator[Expectation]:
    values = value if isinstance(value, list) and key in ("require", "forbid") else [value]
    for one in values:
        if isinstance(one, bool):
            yield _one(key, "true" if one else "false", origin)
        elif isinstance(one, (int, float, str)):
            yield _one(key, str(one), origin)
        else:
            raise ValueError(f"`{key}` has a value that is no text, number, true or false")  # noqa: TRY004  the same


def _one(key: str, wanted: str, origin: str) -> Expectation:
    if key not in KEYS:
        from difflib import get_close_matches

        near = get_close_matches(key, KEYS, n=1)
        raise ValueError(
            f"`{key}` is no key" + (f"; did you mean `{near[0]}`?" if near else f"; keys are {', '.join(KEYS)}")
        )
    forms, how = KEYS[key]
    if not any(form.match(wanted) for form in forms):
        raise ValueError(f"`{key} = {wanted}`: expected {how}")
    return Expectation(key=key, wanted=wanted, origin=origin)


def _ignored(name: str, value: object, origin: str) -> Ignored:
    table = value if isinstance(value, Mapping) else {"reason": value}
    reason, until = table.get("reason"), table.get("until")
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(f'`ignore.{name}` has no reason: write {name} = "the reason"')
    if until is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(until)):
        raise ValueError(f"`ignore.{name}.until` is no date such as 2027-01-31")
    unknown = set(table) - {"reason", "until"}
    if unknown:
        raise ValueError(f"`ignore.{name}.{min(unknown)}` is no key; there are reason and until")
    return Ignored(name=name, reason=reason.strip(), until=None if until is None else str(until), origin=origin)
