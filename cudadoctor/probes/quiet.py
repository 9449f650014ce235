"""A host whose refusals are plain answers, for probes that look for many things that mostly are not there."""

from __future__ import annotations

from cudadoctor.host.base import FileStat, Host, Identity, Missing, Refusal

_NOBODY = Identity(machine="", kernel="", libc=None, user=None, uid=None)


class Quiet:
    """Asks `host`, and never raises a Refusal. Programs are run on the host itself: how they fail matters."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._identity: Identity | None = None

    def env(self, name: str) -> str | None:
        """The variable, or None where it is not set or empty."""
        return self.host.env.get(name) or None

    def identity(self) -> Identity:
        """Who asks; all unknown where the machine does not tell."""
        if self._identity is None:
            try:
                self._identity = self.host.identity()
            except Refusal:
                self._identity = _NOBODY
        return self._identity

    @property
    def home(self) -> str | None:
        """HOME, else the password database's."""
        home = self.env("HOME") or self.identity().home
        return home.rstrip("/") or "/" if home else None

    def absolute(self, path: str) -> str | None:
        """The path from the root, `~` and the current directory put in; None where that is not known."""
        if path == "~" or path.startswith("~/"):
            return f"{self.home}{path[1:]}" if self.home else None
        if path.startswith("/"):
            return path
        cwd = self.identity().cwd
        return f"{cwd}/{path}" if cwd else None

    def read(self, path: str, most: int = 65536) -> str | None:
        """At most the first `most` bytes as text; None where it cannot be read."""
        try:
            return self.host.read(path, limit=-most).decode("utf-8", errors="replace")
        except Refusal:
            return None

    def stat(self, path: str) -> FileStat | None:
        """The entry itself, or None."""
        try:
            return self.host.stat(path)
        except Refusal:
            return None

    def real(self, path: str) -> str | None:
        """The path with every link resolved; None where it leads nowhere."""
        try:
            return self.host.realpath(path)
        except Refusal:
            return None

    def is_dir(self, path: str) -> bool | None:
        """Whether it is a directory, links followed; None where that cannot be looked at."""
        try:
            entry = self.host.stat(path)
            if entry.kind == "link":
                entry = self.host.stat(self.host.realpath(path))
        except Missing:
            return False
        except Refusal:
            return None
        return entry.kind == "dir"

    def glob(self, pattern: str, most: int = 1000) -> tuple[str, ...]:
        """What matches, as far as it can be looked at."""
        try:
            return self.host.glob(pattern, limit=most)
        except Refusal:
            return ()

    def globs(self, *patterns: str, most: int = 1000) -> tuple[str, ...]:
        """What matches any of the patterns, each path once, in the patterns' order."""
        return tuple(dict.fromkeys(path for pattern in patterns for path in self.glob(pattern, most)))

    def which(self, name: str) -> tuple[str, ...]:
        """Every executable of that name on PATH."""
        try:
            return self.host.which(name)
        except Refusal:
            return ()
