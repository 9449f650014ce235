"""The libraries that a torch would be given by the dynamic loader."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Way = Literal["rpath", "LD_LIBRARY_PATH", "runpath", "cache", "default", "preload", "torch", "path", "missing"]


class ResolvedLibrary(Struct, frozen=True, kw_only=True):
    """One library that importing torch maps: computed from the files, as the loader would, without loading any."""

    soname: str
    path: str | None = None
    """The file that the loader takes; None: nothing provides it."""
    real_path: str | None = None
    version: str | None = None
    """From the name of the file behind it, or of the wheel that brought it; None where neither tells."""
    how: Way
    """What led to it: the RPATH or RUNPATH of what needs it, LD_LIBRARY_PATH, the cache, a default directory,
    LD_PRELOAD; torch: torch itself loads it by its path."""
    needed_by: str | None = None
    """The file that asks for it."""
    own: str | None = None
    """The copy of it that came with this torch: a wheel's, one in torch/lib, or its conda environment's."""
    own_version: str | None = None
    same: bool | None = None
    """Whether the file taken is that copy, or one of the same size; None where there is no such copy."""
