"""Patterns that are compiled when they are first needed: most texts need few of them, and each costs up to a ms."""

from __future__ import annotations

import re
from collections.abc import Iterator


class Lazy:
    """A pattern, and words of which at least one is in every text that it can match (compared without case)."""

    __slots__ = ("_compiled", "_flags", "_pattern", "_words")

    def __init__(self, pattern: str, flags: int = 0, *, words: str = "") -> None:
        self._pattern = pattern
        self._flags = flags
        self._words = tuple(words.split("|")) if words else ()
        self._compiled: re.Pattern[str] | None = None

    def _ready(self, lowered: str | None) -> re.Pattern[str] | None:
        if lowered is not None and self._words and not any(word in lowered for word in self._words):
            return None
        if self._compiled is None:
            self._compiled = re.compile(self._pattern, self._flags)
        return self._compiled

    def search(self, text: str, lowered: str | None = None) -> re.Match[str] | None:
        """As of a compiled pattern; `lowered` is the text in lower case, where the caller has it."""
        pattern = self._ready(lowered)
        return pattern.search(text) if pattern is not None else None

    def match(self, text: str, lowered: str | None = None) -> re.Match[str] | None:
        """As of a compiled pattern."""
        pattern = self._ready(lowered)
        return pattern.match(text) if pattern is not None else None

    def finditer(self, text: str, lowered: str | None = None) -> Iterator[re.Match[str]]:
        """As of a compiled pattern."""
        pattern = self._ready(lowered)
        return pattern.finditer(text) if pattern is not None else iter(())

    def findall(self, text: str, lowered: str | None = None) -> list[str]:
        """As of a compiled pattern with one group."""
        pattern = self._ready(lowered)
        return pattern.findall(text) if pattern is not None else []
