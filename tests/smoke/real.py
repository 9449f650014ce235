"""The environment with a real torch, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def python() -> str:
    """Its interpreter, from scripts/test; skips where there is none."""
    named = os.environ.get("CUDADOCTOR_TORCH_PYTHON", "")
    beside = Path(__file__).parents[2] / ".venv-torch" / "bin" / "python"
    found = named or (str(beside) if beside.exists() else "")
    if not found:
        pytest.skip("no environment with torch: scripts/test makes one")
    return found
