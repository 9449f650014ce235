"""Which directories can stand in a search path, and what a toolkit brings to one."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError

_LOADER_TOKEN = re.compile(r"\$(?:\{(?:ORIGIN|LIB|PLATFORM)\}|(?:ORIGIN|LIB|PLATFORM))")
"""What ld.so replaces in LD_LIBRARY_PATH; there is no way to write it literally (ld.so(8))."""


class UnusablePath(CudaDoctorError):  # noqa: N818  it names the input, as every error of this tool does
    """A directory that no quoting can bring into a search path."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What the lines shall bring about."""

    root: str
    """The toolkit's directory: absolute, checked by `usable_root`."""
    ld_library_path: bool = False
    """Also put its lib64 on LD_LIBRARY_PATH."""

    @property
    def bin(self) -> str:
        """Where nvcc is."""
        return posixpath.join(self.root, "bin")

    @property
    def lib(self) -> str:
        """Where its libraries are."""
        return posixpath.join(self.root, "lib64")


def wanted(root: str, *, ld_library_path: bool = False) -> Wanted:
    """The request, checked. Raises UnusablePath with the reason."""
    return Wanted(root=usable_root(root, for_loader=ld_library_path), ld_library_path=ld_library_path)


def usable_root(path: str, *, for_loader: bool = False) -> str:
    """`path` without doubled and trailing slashes.

    Refused rather than escaped, because no escape exists: `:` divides search paths, and `;` those of the loader too;
    shells, unit files and modulefiles disagree about control characters.
    """
    shown = path if path.isprintable() else ascii(path)[1:-1]
    for letter in path:
        reason = _reason(letter)
        if reason:
            raise UnusablePath(f"the toolkit's path `{shown}` cannot be used: it contains {reason}")
    if not path.startswith("/"):
        raise UnusablePath(f"the toolkit's path `{shown}` cannot be used: it is not absolute")
    if for_loader and _LOADER_TOKEN.search(path):
        raise UnusablePath(
            f"the toolkit's path `{shown}` cannot be put on LD_LIBRARY_PATH: "
            "the loader replaces $ORIGIN, $LIB and $PLATFORM"
        )
    clean = "/" + re.sub("//+", "/", path).strip("/")
    if clean == "/":
        raise UnusablePath("the toolkit's path `/` cannot be used: it is the root of the file system")
    return clean


def _reason(letter: str) -> str | None:
    if letter in ":;":
        return f"`{letter}`, which divides the entries of search paths"
    if letter == "\n":
        return "a line break"
    category = unicodedata.category(letter)
    if category == "Cs":
        return "a byte that is not UTF-8"
    if category in ("Cc", "Cf", "Zl", "Zp"):  # controls, invisible formatting such as right-to-left marks, separators
        return f"the control character U+{ord(letter):04X}"
    return None
