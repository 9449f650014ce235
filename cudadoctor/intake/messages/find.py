"""Finds known messages in text: by the fragments that identify them, and by patterns where a word of theirs occurs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.intake.messages.message import Index, Message
from cudadoctor.intake.messages.words import Words, without_prefix

if TYPE_CHECKING:
    from cudadoctor.intake.paste import Paste

_MOST = 256
_MOST_LINES = 200
"""Lines that are looked at for one message: one that a log repeats says nothing new."""
_MOST_PLACES = 8
_MOST_JOINED = 40
"""Of these lines, those that are also tried with their neighbours: a long log is not broken in one place alone."""
_EXCERPT = 240
_LONGEST = 4096
_ERRORS = ("cuda", "cuinit", "error")
_JOINED_FROM = 40
"""Characters from which a line may have been broken by whatever showed it."""
_VALUE = r"[^\s'\"`]{1,200}"
_PLACE = re.compile(r"\{(\w*)\}")


@cache
def index() -> Index:
    """The index. Raises where it is missing or damaged: a broken installation is said as such."""
    return msgspec.json.decode((files("cudadoctor.intake.messages") / "index.json").read_bytes(), type=Index)


def rows() -> tuple[Message, ...]:
    """Every known message, by table."""
    return index().messages


def find(lines: Iterable[tuple[str, str]]) -> tuple[Symptom, ...]:
    """The known messages in lines given as (where, text), in order; the same message with the same values once."""
    kept = list(lines)
    return _Search([where for where, _ in kept], [text for _, text in kept]).symptoms()


def in_paste(paste: Paste) -> tuple[Symptom, ...]:
    """The known messages of a paste, also those that a terminal broke over two or three lines."""
    return _Search([f"line {number}" for number in paste.numbers], paste.texts).symptoms()


class _Search:
    """One text, searched for everything."""

    def __init__(self, wheres: list[str], texts: list[str]) -> None:
        self._wheres = wheres
        self._texts = [text.replace("\n", " ") if "\n" in text else text for text in texts]
        self._found: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[int, Symptom]] = {}
        self._kept: dict[int, tuple[str, ...]] = {}

    def symptoms(self) -> tuple[Symptom, ...]:
        self._by_patterns()
        self._by_fragments()
        return tuple(symptom for _, symptom in sorted(self._found.values(), key=lambda one: one[0]))

    def _add(self, number: int, message: Message, index: int, values: dict[str, str], text: str) -> None:
        key = (message.kind, tuple(values.items()))
        if key not in self._found and len(self._found) < _MOST:
            seen = Seen(where=self._wheres[index], text=" ".join(text[: 4 * _EXCERPT].split())[:_EXCERPT])
            symptom = Symptom(kind=message.kind, says=message.says, values=values, seen=seen)
            self._found[key] = (index * 10_000 + number, symptom)

    def _by_patterns(self) -> None:
        # One space for a line end and the indentation after it, so that a word broken between two lines is found.
        lines = [line.strip() for line in "\n".join(self._texts).lower().split("\n")]
        flat = " ".join(lines)
        starts = [0]
        for line in lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        places: dict[str, tuple[int, ...]] = {}
        near: list[int] = []
        for number, message in enumerate(rows()):
            for words, pattern in message.patterns:
                for word in words.split("|"):
                    if word not in places:
                        if word.isdigit():
                            # A bare number stands in most lines: of these only such as speak of an error.
                            near = near or sorted({at for each in _ERRORS for at in _lines_with(each, flat, starts)})
                            places[word] = tuple(at for at in near if word in self._around(at))[:_MOST_LINES]
                        else:
                            places[word] = tuple(_lines_with(word, flat, starts))
                    for count, index in enumerate(places[word]):
                        match = self._match(pattern, index, joined=count < _MOST_JOINED)
                        if match is not None:
                            values = {name: value for name, value in match.groupdict().items() if value is not None}
                            self._add(number, message, index, values, match.string)

    def _by_fragments(self) -> None:
        words = Words(text[:_LONGEST] for text in self._texts)
        anchors = index().anchors
        tried: set[tuple[int, int, int]] = set()
        for word in sorted(words.vocabulary & anchors.keys()):
            for fragment, number, line in anchors[word]:
                message = rows()[number]
                for at in words.lines_with(fragment, _MOST_PLACES):
                    if (number, line, at) in tried:
                        continue
                    tried.add((number, line, at))
                    values = self._values(message.lines[line], at) if line >= 0 else {}
                    if all(name in values for name in message.needs):
                        self._add(number, message, at, values, self._texts[at])
        for word in sorted(words.vocabulary & index().wholes.keys()):
            for number, line in index().wholes[word]:
                message = rows()[number]
                for at in words.lines_with(word, _MOST_LINES):
                    match = self._match(template_pattern(message.lines[line]), at)
                    if match is not None:
                        values = {name: value for name, value in match.groupdict().items() if value}
                        self._add(number, message, at, values, self._texts[at])

    def _values(self, template: str, index: int) -> dict[str, str]:
        """What stands at the template's places, where enough of the line is left to tell."""
        if "{" not in template:
            return {}
        match = self._match(template_pattern(template), index)
        return {name: value for name, value in match.groupdict().items() if value} if match is not None else {}

    def _around(self, index: int) -> str:
        return " ".join(text[:_LONGEST] for text in self._texts[max(0, index - 1) : index + 2]).lower()

    def _match(self, pattern: str, index: int, *, joined: bool = True) -> re.Match[str] | None:
        """In the line alone, else in the line with its neighbours, where one that is long may have been broken."""
        search = compiled(pattern).search
        match = search(self._texts[index][:_LONGEST])
        if match is not None:
            return match
        for text in self._joined(index) if joined else ():
            match = search(text)
            if match is not None:
                return match
        return None

    def _joined(self, index: int) -> tuple[str, ...]:
        """Kept: each line is tried with many patterns."""
        if index not in self._kept:
            self._kept[index] = tuple(self._with_neighbours(index))
        return self._kept[index]

    def _with_neighbours(self, index: int) -> Iterator[str]:
        """The line with those around it, as before it was broken at a space, or within a word."""
        texts = self._texts
        line = texts[index][:_LONGEST]
        before = texts[index - 1][:_LONGEST] if index else ""
        after = [without_prefix(text)[:_LONGEST] for text in texts[index + 1 : index + 3]]
        if len(line) >= _JOINED_FROM and after and after[0].strip():
            yield " ".join([line.rstrip(), *(text.strip() for text in after)])
            yield line + "".join(after)
        if len(before) >= _JOINED_FROM and line.strip():
            yield " ".join(
                [before.rstrip(), without_prefix(line).strip(), *(text.strip() for text in after[:1] if text)]
            )
            yield before + without_prefix(line) + "".join(after[:1])


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when it is first needed: most texts need few of them."""
    return re.compile(pattern, re.IGNORECASE)


@cache
def template_pattern(template: str) -> str:
    """A pattern for a line that a table gives as it is printed, with `{name}` for what varies."""
    parts: list[str] = []
    named: set[str] = set()
    end = 0
    for place in _PLACE.finditer(template):
        name = place.group(1)
        parts.append(_literal(template[end : place.start()]))
        parts.append(f"(?P<{name}>{_VALUE})" if name and name not in named else _VALUE)
        named.add(name)
        end = place.end()
    parts.append(_literal(template[end:]))
    return "".join(parts)


def _literal(text: str) -> str:
    """Any whitespace for whitespace, and any quotation mark for a quotation mark."""
    spaced = r"\s{1,8}".join(re.escape(part) for part in re.split(r"\s+", text))
    return re.sub(r"['\"`‘’“”]", "['\"`‘’“”]{0,2}", spaced)


def _lines_with(word: str, flat: str, starts: list[int]) -> Iterator[int]:
    """The indices of the lines in which the word begins, each once."""
    at, count = flat.find(word), 0
    while at >= 0 and count < _MOST_LINES:
        index = bisect_right(starts, at) - 1
        yield index
        count += 1
        following = starts[index + 1] if index + 1 < len(starts) else len(flat)
        at = flat.find(word, following)
