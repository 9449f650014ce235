"""Small decisions about words that several renderers share."""

from __future__ import annotations


def is_prose(text: str) -> bool:
    """A sentence for a person, as opposed to a line for a shell: capital letter first, full stop last."""
    stripped = text.strip()
    return stripped[:1].isupper() and stripped.endswith(".")
