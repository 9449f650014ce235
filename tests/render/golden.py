"""Comparison with a file in golden/. CUDADOCTOR_UPDATE_GOLDEN=1 writes the files anew, to be read before a commit."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent / "golden"


def compare(name: str, text: str) -> None:
    """Fail where `text` is not what the golden file holds."""
    path = HERE / name
    if os.environ.get("CUDADOCTOR_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"differs from {path}"
