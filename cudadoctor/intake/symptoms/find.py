"""Finds known messages in lines of text."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from functools import cache

from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.intake.symptoms.row import Row

AREAS = ("kernel", "driver", "system", "container", "libraries", "toolkit", "shell", "envs", "torch", "nccl")
"""Modules here with `ROWS`; one that is not there yet has none."""
_MOST = 256
_EXCERPT = 240


@cache
def rows() -> tuple[Row, ...]:
    """Every row, by area."""
    found: list[Row] = []
    for area in AREAS:
        try:
            module = importlib.import_module(f"cudadoctor.intake.symptoms.{area}")
        except ModuleNotFoundError:
            continue
        found.extend(module.ROWS)
    return tuple(found)


def find(lines: Iterable[tuple[str, str]]) -> tuple[Symptom, ...]:
    """The known messages in lines given as (where, text), in order; the same message with the same values once."""
    met: dict[tuple[str, tuple[tuple[str, str], ...]], Symptom] = {}
    for where, text in lines:
        lowered = text.lower()
        for row in rows():
            if row.word in lowered and (match := re.search(row.pattern, text, re.IGNORECASE)):
                values = {name: value for name, value in match.groupdict().items() if value is not None}
                key = (row.kind, tuple(values.items()))
                if key not in met and len(met) < _MOST:
                    seen = Seen(where=where, text=text.strip()[:_EXCERPT])
                    met[key] = Symptom(kind=row.kind, says=row.says, values=values, seen=seen)
    return tuple(met.values())
