"""The command for a build, in the dialect of each manager; and the commands that PyTorch published."""

from __future__ import annotations

from msgspec import Struct


class Lines(Struct, frozen=True, kw_only=True):
    """What to type."""

    lines: tuple[str, ...]
    """In order."""
    main: int = 0
    """The index of the line that installs."""
    channels: tuple[str, ...] = ()
    index_url: str | None = None
    build: str | None = None

    @property
    def command(self) -> str:
        """The line that installs."""
        return self.lines[self.main]

    @property
    def whole(self) -> str:
        """Everything up to the line that installs, as one line for a POSIX shell."""
        return " && ".join(self.lines[: self.main + 1])


def quoted(spec: str) -> str:
    """A requirement as a word that every shell takes as it is, cmd's included."""
    return f'"{spec}"' if any(letter in spec for letter in "<>*=|! []") and _shell_active(spec) else spec


def _shell_active(spec: str) -> bool:
    return any(letter in spec for letter in "<>*|! []")
