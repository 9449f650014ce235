"""Whether a sentence speaks of another time, another machine, a wish or a condition: its values are none of now."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"\b(?:before|previously|earlier|used to|formerly|once|until|was|were|gave|back when|on kernel|"
    r"with (?:torch|pytorch|driver|cuda|kernel|version) v?\d|in (?:the|my|an?) other|"
    r"another (?:machine|environment|computer)|should|must|expect\w*|if|unless|when|whether|supposed)\b",
    re.IGNORECASE,
)
_WAS = re.compile(r"\b(?:was|gave|used to (?:be|give))\b", re.IGNORECASE)
_NOW = re.compile(r"\b(?:now|currently|still|today)\b", re.IGNORECASE)
_BUT = re.compile(
    r"(?:[^.\n]|\.\d){0,80}?\b(?:but|while|whereas|and now|then)\b[^.\n]{0,30}?"
    r"\b(?:is|returns?|gives?|says|prints|shows) [`\"']?"
    r"(?P<value>True|False)\b",
    re.IGNORECASE,
)
"""True there, "but False" here: what follows is the complaint."""
_LONGEST = 100


def other_time(text: str, start: int, end: int) -> bool:
    """Of the words from `start` to `end`: by those before them in their sentence, and by their own tense."""
    line_start = text.rfind("\n", 0, start) + 1
    before = text[max(line_start, start - _LONGEST) : start].rpartition(". ")[2]
    clause = re.split(r"[;,] (?:and |but )?(?=now\b)", before)[-1]
    if _NOW.search(clause):
        return False
    return _WORDS.search(clause) is not None or _WAS.search(text[start:end]) is not None


def but_now(rest: str) -> bool | None:
    """What the rest of a sentence sets against a True or False before it."""
    match = _BUT.match(rest)
    return None if match is None else match["value"].lower() == "true"
