"""A folder that only lives while something is done."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def scratch() -> Iterator[str]:
    """An empty folder of this user alone, removed at the end with what is in it."""
    folder = tempfile.mkdtemp(prefix="cudadoctor-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
