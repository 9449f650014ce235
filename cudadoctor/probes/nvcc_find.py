"""Which toolkit an `nvcc` belongs to: links, wrapper scripts, compiler caches."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from cudadoctor.probes.quiet import Quiet

_CACHES = frozenset({"ccache", "sccache", "distcc", "icecc"})
_EXEC = re.compile(r"(/[^\s\"'`$;|&()<>]+/nvcc)(?=[\s\"']|\Z)")
_MOST_WRAPPERS = 3
_WRAPPER_SIZE = 4096
DISTRIBUTION_ROOTS = ("/usr/lib/cuda", "/usr/lib/nvidia-cuda-toolkit")
"""Where Debian's and Ubuntu's nvidia-cuda-toolkit lies: a tree of links for others to use, and the compiler itself."""


class Nvcc(Struct, frozen=True, kw_only=True):
    """A compiler that was found, and where that led."""

    found: str
    """As it stands on PATH or under a root."""
    resolved: str
    """The program itself, links and wrappers followed."""
    root: str
    """The toolkit's directory: the one above its `bin`."""


def resolve(host: Quiet, path: str) -> Nvcc | None:
    """Follow links and wrapper scripts from `path`; None where it leads to no nvcc (a compiler cache, a dead link)."""
    here = path
    for _ in range(_MOST_WRAPPERS):
        target = _wrapped(host, here)
        real = host.real(here)
        if real is None or posixpath.basename(real) in _CACHES:
            return None
        if target is None or target == here:
            return Nvcc(found=path, resolved=real, root=_root_of(real))
        here = target
    return None


def _root_of(nvcc: str) -> str:
    folder = posixpath.dirname(nvcc)
    return (posixpath.dirname(folder) or "/") if posixpath.basename(folder) == "bin" else folder


def _wrapped(host: Quiet, path: str) -> str | None:
    """The nvcc that a wrapper script starts, by its full path; None where the file is no script."""
    text = host.read(path, _WRAPPER_SIZE)
    if text is None or not text.startswith("#!"):
        return None
    lines = [line for line in text.splitlines()[1:] if not line.lstrip().startswith("#")]
    # The last one in the script: earlier ones are tests of whether it is there.
    found = [match.group(1) for line in lines for match in _EXEC.finditer(line)]
    return found[-1] if found else None
