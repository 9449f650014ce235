"""What messages say: the symptoms of a kind, and their values."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.facts.symptom import Symptom


def told(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Iterator[Symptom]:
    """The symptoms of these kinds, in the order in which they were met."""
    return (one for one in symptoms or () if one.kind in kinds)


def first(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Symptom | None:
    """The first of them, or None."""
    return next(told(symptoms, *kinds), None)
