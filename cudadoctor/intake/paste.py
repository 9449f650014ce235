"""A pasted text: bytes → clean lines that remember where they stood.

What a terminal, a mail program, an issue tracker or a CI system put around the lines is taken off; what a program
printed stays as it was. Nothing here knows of GPUs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cudadoctor.facts.seen import Seen
from cudadoctor.parsers.text import LIMIT, decode, tidy

MOST_BYTES = 16 << 20
"""Bytes that are taken of a text at all; a reader need not hand over more."""
_HALF = LIMIT // 2 - 1024
_HALF_LINES = 50_000
_LONGEST_LINE = 8192
_EXCERPT = 240
_BREAK = "\ue000"
"""Stands for a line end that is none in the original: what follows has the same line number."""

_HTML = re.compile(
    r"<(?:/?(?:pre|code|details|summary|blockquote|p|div|span|br|li|samp|table|td|tr)\b|!--)", re.IGNORECASE
)
_HTML_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/summary)\s{0,4}/?>", re.IGNORECASE)
_HTML_TAGS = re.compile(
    r"</?(?:pre|code|details|summary|blockquote|p|div|span|b|i|em|strong|kbd|samp|ul|ol|li|table|tbody|thead|td|th|tr|h[1-6]|a|"
    r"font|tt|br|hr)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(lt|gt|amp|quot|apos|nbsp|#39|#x27|#34|#x2F|#96|#x60);")
_ENTITIES = {
    "lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " ", "#39": "'", "#x27": "'", "#34": '"',
    "#x2F": "/", "#96": "`", "#x60": "`",
}  # fmt: skip
_FENCE = re.compile(r"\s{0,12}(?:`{3,}|~{3,})[^`|]{0,60}\Z")
_QUOTE = re.compile(r"[ \t]{0,6}(?:(?:[-*+]|\d{1,3}[.)])[ \t]{1,3}(?=>))?(?!>>>(?:[ \t]|\Z))>(?!>>)[ \t]?")
_NUMBERED = re.compile(r"[ \t]{0,8}(\d{1,7})(?:[.):|]|[ \t])[ \t]?")
_SERVICE = re.compile(r"([A-Za-z0-9][\w.-]{0,60}?)[ \t]{1,24}\| ?")
_CI_TIME = re.compile(r"\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z (?:std(?:out|err) [FP] )?")
_COMMAND = re.compile(
    r"\s{0,8}(?:\(\S{1,60}\)\s{1,3}){0,3}"
    r"(?:"
    r"\[?[\w.-]{1,64}@[\w.-]{1,64}(?::|\s)?[^\s$#%]{0,120}\]?\s?[$#%](?=\s|\Z)"  # user@host:~$
    r"|PS [A-Za-z]:[^>\n]{0,200}>|[A-Za-z]:\\[^>\n]{0,200}>"
    r"|[$#%❯➜»](?=\s)|>>>(?=\s|\Z)|In ?\[\d{0,5}\]:|\.\.\.(?=\s)|!(?=\w)|>(?=\s\w)"
    r")\s?(.*)\Z"
)
_PYTHON = re.compile(r"\s{0,8}(?:>>>|In ?\[\d{0,5}\]:)\s?(.*)\Z")


class Paste:
    """The lines of a text. `texts[i]` stood in line `numbers[i]` of the original."""

    def __init__(self, lines: Iterable[tuple[int, str]], notes: tuple[str, ...] = ()) -> None:
        kept = list(lines)
        self.numbers = [number for number, _ in kept]
        self.texts = [line for _, line in kept]
        self.text = "\n".join(self.texts)
        self.lowered = self.text.lower()
        self.notes = notes
        """What was left out, for the report."""

    def where(self, index: int) -> str:
        """`line 12`."""
        return f"line {self.numbers[index]}" if 0 <= index < len(self.numbers) else "the text"

    def seen(self, index: int) -> Seen:
        """Evidence: that line."""
        text = self.texts[index] if 0 <= index < len(self.texts) else ""
        return Seen(where=self.where(index), text=" ".join(text[: 4 * _EXCERPT].split())[:_EXCERPT])

    def first(self, *words: str) -> int:
        """The index of the first line that has the first of these words (in lower case) that any line has; else -1."""
        for word in words:
            at = self.lowered.find(word)
            if at >= 0:
                return self.lowered.count("\n", 0, at)
        return -1

    def having(self, word: str, *, most: int = 500) -> Iterator[int]:
        """The indices of the lines that have the word (in lower case)."""
        at, index, last = self.lowered.find(word), 0, 0
        while at >= 0 and most > 0:
            index += self.lowered.count("\n", last, at)
            yield index
            most -= 1
            last = self.lowered.find("\n", at)
            if last < 0:
                return
            at = self.lowered.find(word, last)

    def part(self, start: int, stop: int) -> Paste:
        """Some of the lines."""
        return Paste(zip(self.numbers[start:stop], self.texts[start:stop], strict=True))


class Command(Struct, frozen=True):
    """A line that somebody typed."""

    index: int
    text: str
    python: bool


def commands(paste: Paste) -> Iterator[Command]:
    """Every line with a prompt before it."""
    for index, line in enumerate(paste.texts):
        if (command := typed(line)) is not None:
            yield Command(index, command, _PYTHON.match(line) is not None)


def typed(line: str) -> str | None:
    """What follows the prompt of a line; None where it has none."""
    match = _COMMAND.match(line[:2000])
    return match.group(1).strip() if match else None


def read(data: bytes | str, *, left_out: bool = False) -> Paste:
    """The text, clean. At most LIMIT characters of it are looked at, the first and the last half of them."""
    notes = [f"only the first {MOST_BYTES >> 20} MiB of the text were read"] if left_out else []
    text = decode(data[:MOST_BYTES]) if isinstance(data, bytes) else data[:MOST_BYTES]
    parts = [(1, text)]
    if len(text) > LIMIT:
        notes.append(f"of {len(text)} characters the first and the last {_HALF} were looked at")
        parts = [(1, text[:_HALF]), (1 + text.count("\n", 0, len(text) - _HALF), text[-_HALF:])]
    lines: list[tuple[int, str]] = []
    for first, part in parts:
        lines.extend(_split(part, first))
    if len(lines) > 2 * _HALF_LINES:
        notes.append(f"of {len(lines)} lines the first and the last {_HALF_LINES} were looked at")
        lines = lines[:_HALF_LINES] + lines[-_HALF_LINES:]
    return Paste(_peeled(lines), tuple(notes))


def _split(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Line number and text. A carriage return within a line (a progress bar) begins a new one of the same number."""
    text = text.replace("\r\n", "\n").replace("\r", _BREAK)
    text = tidy(text)
    if _HTML.search(text):
        text = _HTML_TAGS.sub("", _HTML_BREAKS.sub(_BREAK, text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: _ENTITIES[match.group(1)], text)
    for number, line in enumerate(text.split("\n"), first):
        if _BREAK in line:
            yield from ((number, part[:_LONGEST_LINE]) for part in line.split(_BREAK))
        else:
            yield number, line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE]


_POD = re.compile(r"\[pod/[^\s\]]{1,120}\] ?")
"""`kubectl logs --prefix`."""
_JOURNAL = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,64} (?P<program>[\w.@/-]{1,64})(?:\[\d{1,8}\])?: ?")
"""`Oct 13 09:23:21 host program[7155]: `."""


def _peeled(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without quoting, fences, line numbers, and the prefixes of CI systems and docker compose."""
    texts = [
        _unquoted(line) if ">" in line[:16] and not (index and _ends_tag(lines[index - 1][1], line)) else line
        for index, (_, line) in enumerate(lines)
    ]
    texts = ["" if ("```" in line or "~~~" in line) and _FENCE.match(line) else line for line in texts]
    texts = [line[match.end() :] if "Z " in line[:40] and (match := _CI_TIME.match(line)) else line for line in texts]
    if any("[pod/" in line[:8] for line in texts):
        texts = [_POD.sub("", line, count=1) if line.startswith("[pod/") else line for line in texts]
    _strip_numbers(texts)
    _strip_services(texts)
    _strip_journal(texts)
    return [(number, line) for (number, _), line in zip(lines, texts, strict=True)]


def _strip_journal(texts: list[str]) -> None:
    """Take off what journalctl puts before each line of one program. The kernel's lines keep it: there it is part of
    how they are known.
    """
    matches = [_JOURNAL.match(line) if line[:1].isupper() else None for line in texts]
    programs = {match.group("program") for match in matches if match is not None}
    of_them, filled = sum(match is not None for match in matches), sum(bool(line.strip()) for line in texts)
    if len(programs) != 1 or "kernel" in programs or of_them < 3 or of_them < 0.8 * filled:
        return
    for index, match in enumerate(matches):
        if match is not None:
            texts[index] = texts[index][match.end() :]


def _ends_tag(before: str, line: str) -> bool:
    """The line before was broken within a tag of XML, which the `>` that begins this one ends."""
    return before.rfind("<") > before.rfind(">") and not line.startswith("> ")


def _unquoted(line: str) -> str:
    """Without the `>` of mail and Markdown, up to eight levels, also within a list. Python's `>>>` is none."""
    for _ in range(8):
        if not (match := _QUOTE.match(line)):
            break
        line = line[match.end() :]
    return line


def _strip_numbers(texts: list[str]) -> None:
    """Take off line numbers: four lines or more one after the other, each with the next number before it."""
    run: list[tuple[int, int]] = []
    last = -2
    for index in range(len(texts) + 1):
        line = texts[index] if index < len(texts) else ""
        if not line and not run:
            continue
        match = _NUMBERED.match(line)
        number = int(match.group(1)) if match else -2
        if match and (not run or number == last + 1):
            run.append((index, match.end()))
        else:
            by_cat = len(run) > 1 and all(texts[at][end - 1 : end] == "\t" for at, end in run)  # `cat -n`
            _cut(texts, run, least=2 if by_cat else 4)
            run = [(index, match.end())] if match else []
        last = number


def _strip_services(texts: list[str]) -> None:
    """Take off `service-1  | ` of docker compose: three lines or more one after the other with the same name."""
    run: list[tuple[int, int]] = []
    last = ""
    for index in range(len(texts) + 1):
        line = texts[index] if index < len(texts) else ""
        if not run and "|" not in line[:90]:
            continue
        match = _SERVICE.match(line) if "|" in line[:90] else None
        name = match.group(1) if match else ""
        if match and (not run or name == last):
            run.append((index, match.end()))
        else:
            _cut(texts, run, least=3)
            run = [(index, match.end())] if match else []
        last = name


def _cut(texts: list[str], run: list[tuple[int, int]], least: int = 4) -> None:
    if len(run) >= least:
        for index, end in run:
            texts[index] = texts[index][end:]
