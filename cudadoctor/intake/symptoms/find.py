"""Finds known messages in text: one pass of a plain search for each word, patterns only where a word was met."""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.intake.symptoms.row import Row

if TYPE_CHECKING:
    from cudadoctor.intake.paste import Paste

AREAS = (
    "kernel",
    "modules",
    "driver",
    "system",
    "container",
    "libraries",
    "toolkit",
    "shell",
    "envs",
    "torch",
    "nccl",
    "asked",
    "spoken",
)
"""Modules here with `ROWS`; one that is not there yet has none."""
_MOST = 256
_MOST_LINES = 200
"""Lines that are looked at for one row: a message that a log repeats says nothing new."""
_EXCERPT = 240
_LONGEST = 4096
_ERRORS = ("cuda", "cuinit", "error")
_JOINED_FROM = 40
"""Characters from which a line may have been broken by whatever showed it."""


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
    kept = list(lines)
    return _find([where for where, _ in kept], [text for _, text in kept])


def in_paste(paste: Paste) -> tuple[Symptom, ...]:
    """The known messages of a paste, also those that a terminal broke over two or three lines."""
    return _find([f"line {number}" for number in paste.numbers], paste.texts)


def _find(wheres: list[str], texts: list[str]) -> tuple[Symptom, ...]:
    lowered = "\n".join(texts).lower()
    if lowered.count("\n") != len(texts) - 1:  # a line end within a line
        texts = [text.replace("\n", " ") for text in texts]
        lowered = "\n".join(texts).lower()
    # One space for a line end and the indentation after it, so that a word that was broken between two lines is met.
    lines = [line.strip() for line in lowered.split("\n")]
    flat = " ".join(lines)
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    met: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[int, Symptom]] = {}
    places: dict[str, tuple[int, ...]] = {}
    near: list[int] = []
    for number, row in enumerate(rows()):
        if row.word not in places:
            if row.word.isdigit():
                # A bare number stands in most lines: of these only such as speak of an error.
                near = near or sorted({at for word in _ERRORS for at in _lines_with(word, flat, starts)})
                places[row.word] = tuple(at for at in near if row.word in _around(texts, at))[:_MOST_LINES]
            else:
                places[row.word] = tuple(_lines_with(row.word, flat, starts))
        for index in places[row.word]:
            match = _match(row, texts, index)
            if match is None:
                continue
            values = {name: value for name, value in match.groupdict().items() if value is not None}
            key = (row.kind, tuple(values.items()))
            if key not in met and len(met) < _MOST:
                text = " ".join(match.string[: 4 * _EXCERPT].split())[:_EXCERPT]
                seen = Seen(where=wheres[index], text=text)
                met[key] = (index * 1000 + number, Symptom(kind=row.kind, says=row.says, values=values, seen=seen))
    return tuple(symptom for _, symptom in sorted(met.values(), key=lambda one: one[0]))


def _lines_with(word: str, flat: str, starts: list[int]) -> Iterator[int]:
    """The indices of the lines in which the word begins, each once."""
    at, count = flat.find(word), 0
    while at >= 0 and count < _MOST_LINES:
        index = bisect_right(starts, at) - 1
        yield index
        count += 1
        following = starts[index + 1] if index + 1 < len(starts) else len(flat)
        at = flat.find(word, following)


def _around(texts: list[str], index: int) -> str:
    return " ".join(text[:_LONGEST] for text in texts[max(0, index - 1) : index + 2]).lower()


def _match(row: Row, texts: list[str], index: int) -> re.Match[str] | None:
    """In the line alone, else in the line with its neighbours, where one that is long may have been broken."""
    line = texts[index][:_LONGEST]
    match = re.search(row.pattern, line, re.IGNORECASE)
    if match is not None:
        return match
    before = texts[index - 1][:_LONGEST] if index else ""
    after = [text.strip() for text in texts[index + 1 : index + 3]]
    if len(line) >= _JOINED_FROM and after and after[0]:
        joined = " ".join([line.rstrip(), *(text[:_LONGEST] for text in after)])
        match = re.search(row.pattern, joined, re.IGNORECASE)
        if match is not None:
            return match
    if len(before) >= _JOINED_FROM and line.strip():
        joined = " ".join([before.rstrip(), line.strip(), *(text[:_LONGEST] for text in after[:1] if text)])
        return re.search(row.pattern, joined, re.IGNORECASE)
    return None
