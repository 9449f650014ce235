"""What a finding is about: as a value, and as the text that stands in JSON and in ids (`gpu:0`, `file:/path:12`)."""

from __future__ import annotations

from msgspec import Struct


class Machine(Struct, frozen=True):
    """The machine as a whole."""

    def __str__(self) -> str:
        return "machine"


class Gpu(Struct, frozen=True):
    """One GPU: by its index in nvidia-smi, or by its PCI address where the driver does not list it."""

    which: int | str

    def __str__(self) -> str:
        return f"gpu:{self.which}"


class Env(Struct, frozen=True):
    """A Python environment."""

    prefix: str

    def __str__(self) -> str:
        return f"env:{self.prefix}"


class Toolkit(Struct, frozen=True):
    """A CUDA toolkit."""

    root: str

    def __str__(self) -> str:
        return f"toolkit:{self.root}"


class Var(Struct, frozen=True):
    """A variable of the environment."""

    name: str

    def __str__(self) -> str:
        return f"var:{self.name}"


class File(Struct, frozen=True):
    """A file, a directory, a link or a device node; one line of it where `line` is given."""

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return f"file:{self.path}" if self.line is None else f"file:{self.path}:{self.line}"


class Other(Struct, frozen=True):
    """Something else, by its whole text."""

    text: str

    def __str__(self) -> str:
        return self.text


Subject = Machine | Gpu | Env | Toolkit | Var | File | Other


def parse(text: str) -> Subject:
    """The subject of a text: `str` of the result is the text again."""
    kind, _, which = text.partition(":")
    found: Subject = Other(text)
    if kind == "file":
        path, _, line = which.rpartition(":")
        found = File(path, int(line)) if path and _is_number(line) else File(which)
    elif kind == "gpu":
        found = Gpu(int(which) if _is_number(which) else which)
    elif kind == "env":
        found = Env(which)
    elif kind == "toolkit":
        found = Toolkit(which)
    elif kind == "var":
        found = Var(which)
    elif text == "machine":
        found = Machine()
    return found if str(found) == text else Other(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and str(int(text)) == text
