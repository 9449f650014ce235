"""Which processes of a test are still there."""

from __future__ import annotations

import time
from pathlib import Path


def gone(word: str) -> bool:
    """Whether within five seconds no process is left that has the word in its command line or its variables."""
    for _ in range(100):
        if not any(word in _all_of(folder) for folder in Path("/proc").glob("[0-9]*")):
            return True
        time.sleep(0.05)
    return False


def _all_of(folder: Path) -> str:
    try:
        if "State:\tZ" in (folder / "status").read_text():
            return ""
        return ((folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()).decode("utf-8", "replace")
    except OSError:
        return ""
