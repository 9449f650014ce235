"""What root may run: programs and search paths that no other user can change."""

from __future__ import annotations

import os
import re
from functools import cache

from cudadoctor import files

_LISTS = {"PATH": ":", "LD_LIBRARY_PATH": "[:;]", "LD_PRELOAD": r"[\s:]+", "LD_AUDIT": ":", "PYTHONPATH": ":"}
"""Variables from whose elements programs load code, and what divides them."""


@cache
def reason(path: str) -> str | None:
    """Who else can change the program, or the environment that it belongs to; None where nobody can."""
    folder = os.path.dirname(os.path.abspath(path))
    places = [path, folder]
    if os.path.basename(folder) == "bin":  # a Python runs what is in its environment: .pth files, sitecustomize
        places += [os.path.join(os.path.dirname(folder), name) for name in ("lib", "pyvenv.cfg")]
    return next((found for found in map(files.changeable, places) if found is not None), None)


@cache
def _element(text: str) -> bool:
    return files.changeable(text or ".") is None


def clean(env: dict[str, str]) -> None:
    """Leave out of the search paths what others can change. A name without a slash is the loader's to find."""
    for name, divider in _LISTS.items():
        value = env.get(name)
        if not value:
            continue
        elements = re.split(divider, value)
        kept = [one for one in elements if ("/" not in one and name == "LD_PRELOAD") or _element(one)]
        if len(kept) == len(elements):
            continue
        if kept:
            env[name] = ":".join(kept)
        else:
            del env[name]
