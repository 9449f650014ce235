"""Which existing directory was probably meant by one that does not exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

_FARTHEST = 3
"""Edits in a whole path up to which it counts as mistyped."""
_FARTHEST_IN_PART = 2
_DIGITS = re.compile(r"\d")


def meant(wrong: str, existing: Iterable[str]) -> str | None:
    """The nearest of `existing`, by edits in each component; None where none is near, or several are as near.

    Toolkits of different versions are not taken for one another: cuda-10.1 that is gone does not mean cuda-13.0.
    """
    parts = _parts(wrong)
    best: tuple[int, str] | None = None
    tied = False
    for candidate in existing:
        distance = _apart(parts, _parts(candidate))
        if distance is None:
            continue
        if best is None or distance < best[0]:
            best, tied = (distance, candidate), False
        elif distance == best[0]:
            tied = True
    return None if best is None or tied else best[1]


def _parts(path: str) -> list[str]:
    return [part for part in posixpath.normpath("/" + path.strip().strip("\"'")).split("/") if part]


def _apart(wrong: list[str], right: list[str]) -> int | None:
    """Edits between two paths of as many components; None where they are too far apart."""
    if len(wrong) != len(right) or wrong == right:
        return 0 if wrong == right else None
    total = 0
    for left, other in zip(wrong, right, strict=True):
        if left == other:
            continue
        if _other_version(left, other):
            return None
        edits = distance(left.lower(), other.lower()) or 1
        total += edits
        if edits > _FARTHEST_IN_PART or total > _FARTHEST or edits >= len(other):
            return None
    return total


def _other_version(left: str, right: str) -> bool:
    """Whether both name a CUDA, and not the same one (digits that only changed places were mistyped)."""
    if "cuda" not in right:
        return False
    return sorted(_DIGITS.findall(left)) != sorted(_DIGITS.findall(right))


def distance(left: str, right: str) -> int:
    """Insertions, deletions, changes, and neighbours that changed places (optimal string alignment)."""
    if abs(len(left) - len(right)) > _FARTHEST or max(len(left), len(right)) > 100:
        return _FARTHEST + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
