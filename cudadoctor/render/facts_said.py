"""Symptoms in the JSON report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cudadoctor.facts.symptom import Symptom


def symptoms_document(symptoms: Iterable[Symptom] | None) -> list[dict[str, Any]] | None:
    """Each known message with the values in it and where it was met; null where nothing was looked through."""
    if symptoms is None:
        return None
    return [
        {
            "kind": one.kind,
            "says": one.says,
            "values": dict(one.values),
            "evidence": {"where": one.seen.where, "text": one.seen.text},
        }
        for one in symptoms
    ]
