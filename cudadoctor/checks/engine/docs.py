"""A check's docstring as a page: the documentation that `explain`, the README's table and the remedies use."""

from __future__ import annotations

from msgspec import Struct

SECTIONS = ("Why", "How we know", "Fix", "Harmless when", "Sources")


class Page(Struct, frozen=True, kw_only=True):
    """A docstring, taken apart. Paragraphs are joined to single lines."""

    summary: str
    why: str
    known: str
    """What decides it; empty where Why says it."""
    fix: str
    harmless: str
    sources: tuple[str, ...]


def page(doc: str) -> Page:
    """The page in a docstring; a section that is not there is empty."""
    lines = doc.strip("\n").splitlines()
    summary: list[str] = []
    parts: dict[str, list[str]] = {name: [] for name in SECTIONS}
    into = summary
    for line in lines:
        text = line.strip()
        heading = text[:-1] if text.endswith(":") else ""
        if heading in parts:
            into = parts[heading]
        else:
            into.append(text)
    return Page(
        summary=_prose(summary),
        why=_prose(parts["Why"]),
        known=_prose(parts["How we know"]),
        fix=_prose(parts["Fix"]),
        harmless=_prose(parts["Harmless when"]),
        sources=tuple(word for line in parts["Sources"] for word in line.split() if word.startswith("https://")),
    )


def _prose(lines: list[str]) -> str:
    """Lines joined to paragraphs."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join(" ".join(words) for words in paragraphs if words)
