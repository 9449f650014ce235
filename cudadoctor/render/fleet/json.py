"""`cudadoctor.fleet/1`, and one line of JSON for each node."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from cudadoctor import __version__
from cudadoctor.fleet.compare import Comparison, Node

SCHEMA = "cudadoctor.fleet/1"


def render(found: Comparison) -> str:
    """The comparison as one document."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": "cudadoctor", "version": __version__},
        "nodes": [_node(one) for one in found.nodes],
        "odd": msgspec.to_builtins(found.odd),
        "varies": [
            {"aspect": one.aspect, "groups": [{"value": value, "nodes": list(some)} for value, some in one.groups]}
            for one in found.varies
        ],
        "groups": msgspec.to_builtins(found.groups),
        "findings": msgspec.to_builtins(found.findings),
    }
    return json.dumps(document, indent=2) + "\n"


def lines(found: Comparison) -> str:
    """One line for each node, for what collects lines."""
    return "".join(json.dumps({"schema": SCHEMA, **_node(one)}) + "\n" for one in found.nodes)


def _node(one: Node) -> dict[str, Any]:
    roots = [finding.name for finding in one.findings if finding.root]
    return {
        "node": one.name,
        "status": one.status or "no-answer",
        "root_causes": list(dict.fromkeys(roots)),
        "values": dict(one.values),
        "error": one.error,
    }
