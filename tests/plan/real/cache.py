"""Things that take long to make, made once: in CUDADOCTOR_TEST_CACHE where it is set, else for this run alone."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


class Cache:
    """A folder with one entry for each recipe. An entry appears when it is whole, so that a broken run leaves none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, recipe: str, make: Callable[[Path], None]) -> Path:
        """The folder of that name made by that recipe; `make` fills an empty folder, and may raise."""
        entry = self.folder / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
        with (self.folder / f"{entry.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (entry / "whole").exists():
                shutil.rmtree(entry, ignore_errors=True)
                (entry / "made").mkdir(parents=True)
                make(entry / "made")
                (entry / "whole").touch()
        return entry / "made"


def folder(fallback: Path) -> Path:
    """Where the entries are."""
    named = os.environ.get("CUDADOCTOR_TEST_CACHE")
    return Path(named).absolute() if named else fallback


def text_of(module: ModuleType) -> str:
    """The source of a module: the recipe of what it makes."""
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")
