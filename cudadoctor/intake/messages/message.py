"""The shape of a known message in the generated index."""

from __future__ import annotations

from msgspec import Struct


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message that programs of this field print, or one thing that people say: how it is recognised.

    A message says what was observed, never why: two causes may print the same.
    """

    kind: str
    """`no-kernel-image`: named for what is said. Several entries share a kind where versions word it differently."""
    says: str
    """One sentence for a reader: what the message means."""
    source: str
    """https:// address of the code or page that has the message, or that explains it."""
    table: str
    """The file in `tables/` that it was written in."""
    patterns: tuple[tuple[str, str], ...] = ()
    """(words, pattern): lower-case words joined by `|`, of which a line must have one before the pattern is tried.
    The pattern is searched without regard to case, must take linear time, and its named groups become values."""
    lines: tuple[str, ...] = ()
    """The message as its program prints it, each line enough by itself; `{name}` stands for what varies."""
    needs: tuple[str, ...] = ()
    """Values without which the message says too little to be reported."""


class Index(Struct, frozen=True, kw_only=True):
    """Everything that the search reads. Made by scripts/make_messages.py from the tables."""

    messages: tuple[Message, ...]
    anchors: dict[str, tuple[tuple[str, int, int], ...]]
    """A word → (fragment, message, line): fragments that have this word and identify that line of that message; the
    line is -1 where several messages share the fragment and this message is what they have in common."""
    wholes: dict[str, tuple[tuple[int, int], ...]]
    """A word → (message, line): lines with this word that are too short for fragments and count as a whole."""
