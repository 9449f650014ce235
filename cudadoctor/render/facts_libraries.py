"""The libraries under torch in the JSON report."""

from __future__ import annotations

from typing import Any

from cudadoctor.facts.libraries import ResolvedLibrary


def resolved(one: ResolvedLibrary) -> dict[str, Any]:
    """One library: what is taken, by what way, and torch's own copy."""
    return {
        "soname": one.soname,
        "path": one.path,
        "version": one.version,
        "how": one.how,
        "needed_by": one.needed_by,
        "own": one.own,
        "own_version": one.own_version,
        "same": one.same,
    }
