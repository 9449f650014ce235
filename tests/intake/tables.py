"""Which kinds of message a table has."""

from __future__ import annotations

from cudadoctor.intake.messages.find import rows


def kinds_of(*tables: str) -> set[str]:
    """The kinds in these tables."""
    found = {row.kind for row in rows() if row.table in tables}
    assert found, f"no table is called {tables}"
    return found
