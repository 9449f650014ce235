"""Loads the tables of compat/data, each at its first use and once."""

from __future__ import annotations

from typing import Any, Literal, cast

from cudadoctor.compat.source import Source

Confidence = Literal["high", "medium", "low"]
"""How sure a row is: read or measured at its source; derived from it; contradicted or guessed upstream."""

_loaded: dict[str, Any] = {}


def table(name: str) -> Any:  # noqa: ANN401  (JSON: the modules that ask give their rows types)
    """The table `data/<name>.json`. Callers turn rows into frozen ones before they hand them out."""
    found = _loaded.get(name)
    if found is None:
        import json
        import pkgutil

        text = pkgutil.get_data("cudadoctor.compat", f"data/{name}.json")
        if text is None:
            raise FileNotFoundError(f"cudadoctor/compat/data/{name}.json is not in this installation")
        found = _loaded[name] = json.loads(text)
    return found


def source(name: str, part: str) -> Source:
    """The source of one part of a table."""
    title, url, read_on = table(name)["sources"][part]
    return Source(title=title, url=url, read_on=read_on)


def numbers(version: str) -> tuple[int, ...]:
    """`1.10.2` as (1, 10, 2), for the order of versions; letters and a suffix after `+` are left out."""
    parts = []
    for part in version.split("+", 1)[0].split("."):
        digits = ""
        for letter in part:
            if not letter.isdecimal():
                break
            digits += letter
        if digits:
            parts.append(int(digits[:9]))
    return tuple(parts)


def confidence(word: str | None) -> Confidence:
    """The word of a row; a row without one is sure."""
    return cast("Confidence", word) if word in ("medium", "low") else "high"
