"""What plain JSON data must look like to be an answer. Each check gives the value, or raises Malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

FILE_KINDS = ("file", "dir", "link", "char", "block", "fifo", "socket", "other")


class Malformed(ValueError):  # noqa: N818  a word for the data, as Refusal is for an answer
    """Data that is not what it should be; the text says in what way."""


def an_object(data: Any) -> dict[str, Any]:  # noqa: ANN401
    """An object."""
    if not isinstance(data, dict):
        raise Malformed(f"an object was expected, not {type(data).__name__}")
    return data


def a_text(data: Any) -> str:  # noqa: ANN401
    """A string."""
    if not isinstance(data, str):
        raise Malformed(f"text was expected, not {type(data).__name__}")
    return data


def texts(data: Any) -> tuple[str, ...]:  # noqa: ANN401
    """A list of strings."""
    if not isinstance(data, list):
        raise Malformed(f"a list was expected, not {type(data).__name__}")
    return tuple(a_text(item) for item in data)


def an_integer(data: Any) -> int:  # noqa: ANN401
    """A whole number; true is none."""
    if not isinstance(data, int) or isinstance(data, bool):
        raise Malformed(f"a whole number was expected, not {type(data).__name__}")
    return data


def a_number(data: Any) -> float:  # noqa: ANN401
    """A number; true is none."""
    if not isinstance(data, int | float) or isinstance(data, bool):
        raise Malformed(f"a number was expected, not {type(data).__name__}")
    return data


def a_flag(data: Any) -> bool:  # noqa: ANN401
    """True or false."""
    if not isinstance(data, bool):
        raise Malformed(f"true or false was expected, not {type(data).__name__}")
    return data


def maybe(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The check, with null allowed."""
    return lambda data: None if data is None else check(data)


def a_kind(data: Any) -> str:  # noqa: ANN401
    """A kind of directory entry."""
    if data not in FILE_KINDS:
        raise Malformed(f"unknown kind of file: {str(data)[:40]}")
    return str(data)


def pair(data: Any) -> tuple[int, int]:  # noqa: ANN401
    """Two whole numbers."""
    if not isinstance(data, list) or len(data) != 2:
        raise Malformed("a pair of numbers was expected")
    return an_integer(data[0]), an_integer(data[1])


def variables(data: Any) -> dict[str, str]:  # noqa: ANN401
    """Variables with their values."""
    return {a_text(name): a_text(value) for name, value in an_object(data).items()}


def amounts(data: Any) -> dict[str, int]:  # noqa: ANN401
    """Names with whole numbers."""
    return {a_text(name): an_integer(value) for name, value in an_object(data).items()}


def overrides(data: Any) -> dict[str, str | None]:  # noqa: ANN401
    """Variables with their values, or null for those to remove."""
    return {a_text(name): maybe(a_text)(value) for name, value in an_object(data).items()}


def an_argv(data: Any) -> tuple[str, ...]:  # noqa: ANN401
    """A command of one word at least."""
    argv = texts(data)
    if not argv:
        raise Malformed("an empty command")
    return argv


Shape: TypeAlias = dict[str, Callable[[Any], Any]]
words, whole = maybe(a_text), maybe(an_integer)
STAT: Shape = {"kind": a_kind, "mode": an_integer, "uid": an_integer, "gid": an_integer, "size": an_integer}
STAT |= {"target": words, "device": maybe(pair)}
IDENTITY: Shape = {"machine": a_text, "kernel": a_text, "libc": words, "user": words, "uid": whole}
IDENTITY |= {"hostname": words, "home": words, "cwd": words, "tool_prefix": words, "groups": texts}
LIMITS: Shape = dict.fromkeys(("address_space", "locked_memory", "open_files", "shm_size", "shm_free"), whole)
LIMITS |= {"disk_size": amounts, "disk_free": amounts}
PROCESS: Shape = {"pid": an_integer, "name": a_text, "owner": a_text, "argv": texts}
OPENED: Shape = {"ok": a_flag, "errno": an_integer}


def build(cls: Callable[..., Any], shape: Shape) -> Callable[[object, Any], Any]:
    """A decoder that makes `cls` of an object of this shape."""

    def made(_: object, data: Any) -> Any:  # noqa: ANN401
        found = an_object(data)
        # A field that an older recording does not have keeps its default; one that must be there is named by `cls`.
        values = {name: check(found[name]) for name, check in shape.items() if name in found}
        try:
            return cls(**values)
        except TypeError as error:
            raise Malformed(str(error)) from error

    return made
