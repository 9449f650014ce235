"""The user's shell: variables, the rc files that set them, and where the loader looks."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class RcElement(Struct, frozen=True, kw_only=True):
    """A directory that a line puts on a search path."""

    text: str
    exists: bool | None
    """Is a directory. None where it could not be looked at."""
    suggestion: str | None = None
    """An existing directory that was probably meant, where this one does not exist."""


class RcEffect(Struct, frozen=True, kw_only=True):
    """What a line does to a search path, followed as the shell would."""

    adds: tuple[RcElement, ...] = ()
    keeps: bool = False
    """The old value stays within: read again, the line adds its directories again."""
    leaves_empty: bool = False
    """An empty entry comes about, with the value that the lines before it gave the variable (or none)."""
    unknown: tuple[str, ...] = ()
    """Parts that could not be followed, as they are written."""


class RcLine(Struct, frozen=True, kw_only=True):
    """A line of an rc file that touches one of the variables that matter here."""

    file: str
    line: int
    text: str
    variable: str
    value: str
    """The right-hand side as written, quotes removed, nothing expanded."""
    exported: bool
    conditional: bool = False
    """Inside `if`, `case`, a loop or a function."""
    effect: RcEffect | None = None
    """Of a line that sets a search path; None for other variables."""


class PathEntry(Struct, frozen=True, kw_only=True):
    """One element of a search path variable."""

    variable: str
    index: int
    text: str
    """As it stands there; empty: the current directory."""
    exists: bool | None
    """Is a directory. None where it could not be looked at."""
    suggestion: str | None = None
    """An existing directory that was probably meant, where this one does not exist."""


class ShellFacts(Struct, frozen=True, kw_only=True):
    """The environment of the process, and the files it may come from."""

    shell: str | None = None
    """bash, zsh, fish, sh, tcsh …: the user's login shell by name."""
    home: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those that matter here and are set."""
    entries: tuple[PathEntry, ...] = ()
    """Of PATH and LD_LIBRARY_PATH, in order."""
    rc_lines: tuple[RcLine, ...] = ()
    read_files: tuple[str, ...] | None = None
    """The rc files that the user's shell reads, login and interactive, in that order; None where that is not known."""
    unreadable: tuple[str, ...] = ()
    """rc files that exist and could not be read."""


class LoaderEntry(Struct, frozen=True, kw_only=True):
    """A CUDA library where the loader can find it."""

    soname: str
    path: str
    real_path: str | None = None


class LoaderFacts(Struct, frozen=True, kw_only=True):
    """Where the dynamic loader looks, and the CUDA libraries it would find there."""

    cache: tuple[LoaderEntry, ...] = ()
    """CUDA and driver libraries in ld.so.cache (`ldconfig -p`)."""
    path_libraries: tuple[LoaderEntry, ...] = ()
    """CUDA and driver libraries in the directories of LD_LIBRARY_PATH, in its order."""
    preload: tuple[str, ...] = ()
    conf_dirs: tuple[str, ...] = ()
    """Directories that /etc/ld.so.conf and its parts name."""
