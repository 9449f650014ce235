"""Text as a sequence of words: what a message is compared by, so that quoting, spacing and wrapping do not matter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

_NOT_A_WORD = re.compile(r"\W+")
_WRAPPED_FROM = 40
"""Characters from which a line may have been broken by whatever displayed it."""
_PREFIX_WITHIN = 160
# What log collectors put before each line. Taken off only so that the halves of a wrapped line meet again.
_PREFIX = re.compile(
    r"\s{0,8}(?:"
    r"(?:<\d{1,3}>)?\[ {0,8}\d{1,7}\.\d{3,9}\] ?"  # the kernel's own clock
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [\w.-]{1,64} [\w.@/()-]{1,64}(?:\[\d{1,8}\])?: "  # journald
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
    r"(?: [\w.-]{1,64} [\w.-]{1,64}(?:\[\d{1,8}\])?:)? "
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} +\d{1,9} [\w./-]{1,80}:\d{1,6}\] "  # klog
    r"|\[pod/[\w./-]{1,200}\] "  # kubectl logs --prefix
    r"|(?:std(?:out|err) [FP] )"
    r"|\[?rank ?\d{1,5}\]?: "
    r"|[\w.-]{1,60} {1,24}\| "  # docker compose
    r")"
)


def normal(text: str) -> str:
    """Lower-case words with one space between them, none around."""
    return _NOT_A_WORD.sub(" ", text.lower()).strip()


def without_prefix(line: str) -> str:
    """The line without what log collectors put before it, up to four layers."""
    for _ in range(4):
        match = _PREFIX.match(line[:_PREFIX_WITHIN])
        if match is None:
            break
        line = line[match.end() :]
    return line


class Words:
    """The words of a text, searchable, each occurrence known by its line."""

    def __init__(self, lines: Iterable[str]) -> None:
        texts = [without_prefix(line) for line in lines]
        parts = [normal(text) for text in texts]
        # A line that was broken at a space continues after one; a line broken within a word continues without.
        glues = ["" if len(text.rstrip()) >= _WRAPPED_FROM else " " for text in texts]
        self._views = [_View(parts, [" "] * len(parts))]
        if "" in glues[:-1]:
            self._views.append(_View(parts, glues))
        self.vocabulary = {word for view in self._views for word in view.text.split()}

    def lines_with(self, fragment: str, most: int) -> tuple[int, ...]:
        """The indices of the lines in which the fragment begins, at most so many."""
        found: dict[int, None] = {}
        for view in self._views:
            for index in view.lines_with(f" {fragment} ", most):
                found[index] = None
        return tuple(sorted(found))[:most]


class _View:
    """All lines in one string, and where each begins."""

    def __init__(self, parts: list[str], separators: list[str]) -> None:
        self.text = " " + "".join(part + separator for part, separator in zip(parts, separators, strict=True)) + " "
        lengths = (len(part) + len(separator) for part, separator in zip(parts, separators, strict=True))
        self._starts = list(accumulate(lengths, initial=1))

    def lines_with(self, wanted: str, most: int) -> list[int]:
        found: list[int] = []
        at = self.text.find(wanted)
        while at >= 0 and len(found) < most:
            index = bisect_right(self._starts, at + 1) - 1
            found.append(index)
            at = self.text.find(wanted, max(at + 1, self._starts[index + 1] - 1))
        return found
