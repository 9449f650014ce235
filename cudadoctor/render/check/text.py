"""The page of a check, and the list of all of them, as text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from cudadoctor.checks.engine.base import Check
from cudadoctor.checks.engine.causes import EXPLAINS
from cudadoctor.checks.engine.docs import page
from cudadoctor.render.text_draw import MARKS, MOST_WIDTH, PIPED_WIDTH, STYLES, Look, draw, hang

_CODE = re.compile(r"[^\s`]*`[^`\n]+`[^\s`]*")
_JOINT = "\ue000"


def render_page(check: Check, look: Look) -> str:
    """What `explain` prints of one check."""
    width = min(look.width or PIPED_WIDTH, MOST_WIDTH)
    parts = page(check.doc)
    word = check.severity.word
    lines = [
        Text.assemble((MARKS[word], STYLES[word]), " ", (check.name, "bold"), f" {check.code} · {word}"),
        Text(),
        *_paragraphs(parts.summary, width, indent=""),
    ]
    for title, text in sections(check):
        lines.extend((Text(), Text(title, "bold"), *_paragraphs(text, width, indent="  ")))
    if parts.sources:
        lines.extend((Text(), Text("Sources", "bold"), *(Text(f"  {url}") for url in parts.sources)))
    return draw(lines, look)


def sections(check: Check) -> list[tuple[str, str]]:
    """Headings and paragraphs of a check's page, those that have something to say, in their order."""
    parts = page(check.doc)
    follows = ", ".join(f"`{name}`" for name in EXPLAINS.get(check.name, ()))
    causes = ", ".join(f"`{name}`" for name, effects in EXPLAINS.items() if check.name in effects)
    shown = (
        ("Why", parts.why),
        ("How we know", parts.known),
        ("Fix", parts.fix),
        ("Harmless when", parts.harmless),
        ("What follows from it", follows and f"Folded below it in a report: {follows}."),
        ("What it may follow from", causes and f"Where one of these is found it is the root cause: {causes}."),
    )
    return [(title, text) for title, text in shown if text]


def render_list(checks: Iterable[Check], look: Look) -> str:
    """One line a check: code, name, severity, summary."""
    rows = list(checks)
    width = look.width or PIPED_WIDTH
    codes = max((cell_len(row.code) for row in rows), default=0)
    names = max((cell_len(row.name) for row in rows), default=0)
    lines: list[Text] = []
    for row in rows:
        word = row.severity.word
        first = Text.assemble(
            (f"{row.code:<{codes}}", "bold"), f"  {row.name:<{names}}  ", (f"{word:<7}", STYLES[word]), "  "
        )
        summary = Text(page(row.doc).summary)
        if look.width is None or cell_len(first.plain) + 24 <= width:
            # Piped, a check stays on one line, so that grep finds all of it.
            lines.extend([Text.assemble(first, summary)] if look.width is None else hang(first, summary, width))
        else:
            lines.append(first)
            lines.extend(hang(Text("  "), summary, width))
    return draw(lines, look)


def _paragraphs(text: str, width: int, *, indent: str) -> list[Text]:
    lines: list[Text] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            lines.append(Text())
        lines.extend(_whole(line) for line in hang(Text(indent), Text(_joined(paragraph, width - len(indent))), width))
    return lines


def _joined(paragraph: str, room: int) -> str:
    """Code that fits on a line is not broken there: its spaces become a mark for the time of wrapping."""

    def join(found: re.Match[str]) -> str:
        code = found.group()
        return code.replace(" ", _JOINT) if cell_len(code) <= room else code

    return _CODE.sub(join, paragraph)


def _whole(line: Text) -> Text:
    """The line with its spaces back."""
    return Text(line.plain.replace(_JOINT, " "))
