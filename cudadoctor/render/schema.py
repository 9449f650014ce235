"""JSON schemas of the documents that cudadoctor prints, made from the classes that list their keys."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec

DOCUMENTS = {
    "report": "cudadoctor.render.report.contract.Report",
    "recommendation": "cudadoctor.render.recommendation.contract.Recommendation",
    "plan": "cudadoctor.render.plan.contract.Plan",
    "smoke": "cudadoctor.render.smoke.contract.Smoke",
    "snapshot": "cudadoctor.render.snapshot_contract.Snapshot",
}
"""Name of the document → the class of its keys."""
PROMISE = "Keys may be added; none is renamed or removed."


def schema(document: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of one document."""
    module, _, kind_name = DOCUMENTS[document].rpartition(".")
    kind = getattr(import_module(module), kind_name)
    (reference,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for name, part in parts.items():
        rules = getattr(getattr(import_module(module), name, None), "not_null", {})
        if rules:
            part["allOf"] = [_rule(value, needed) for value, needed in rules.items()]
    top = parts.pop(reference["$ref"].rpartition("/")[2])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": f"cudadoctor.{document}/1",
        "description": f"{top['description']} {PROMISE}",
        "$defs": parts,
    }


def _rule(value: str, needed: tuple[str, ...]) -> dict[str, Any]:
    """Where `kind` has this value, these keys are not null."""
    return {
        "if": {"properties": {"kind": {"const": value}}},
        "then": {"properties": {key: {"not": {"type": "null"}} for key in needed}},
    }
