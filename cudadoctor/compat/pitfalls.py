"""What breaks around old builds of torch, and the way out."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat._tables import table


class Pitfall(Struct, frozen=True, kw_only=True):
    """One breakage."""

    id: str
    match: str
    """What the error says."""
    when: str
    """Which builds, in words."""
    fix: str
    reference: str
    """The issues in which it was reported: `pytorch/pytorch#123097`."""


def all_pitfalls() -> tuple[Pitfall, ...]:
    """All rows, in the order of the table."""
    return tuple(
        Pitfall(id=row["id"], match=row["match"], when=row["when"], fix=row["fix"], reference=row["source"])
        for row in table("pitfalls")["rows"]
    )


def by_id(name: str) -> Pitfall | None:
    """The row of this id (`numpy2`), or None."""
    return next((one for one in all_pitfalls() if one.id == name), None)
