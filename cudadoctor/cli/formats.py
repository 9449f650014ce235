"""The formats of each command. A new one is a member here, a module in render/ and an arm where the command draws."""

from __future__ import annotations

from enum import Enum
from typing import Any, NoReturn, TypeVar

import typer

from cudadoctor.errors import CudaDoctorError


class PlainFormat(str, Enum):
    """Of `recommend` and `explain`."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(str, Enum):
    """Of `check`, `diagnose` and `demo`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    GITHUB = "github"
    SARIF = "sarif"
    HTML = "html"
    PROMETHEUS = "prometheus"


class SmokeFormat(str, Enum):
    """Of `smoke`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    GITHUB = "github"
    SARIF = "sarif"
    HTML = "html"
    PROMETHEUS = "prometheus"


Form = TypeVar("Form", bound=Enum)


def option(kind: type[Form]) -> Any:  # noqa: ANN401  typer's own type is not public
    """`--format`, with the names of the formats in its help and its completion."""
    names = [str(one.value) for one in kind]

    def matching(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return typer.Option(
        "--format", metavar="|".join(names), help=f"Output format. Default: {names[0]}.", autocompletion=matching
    )


def chosen(kind: type[Form], name: str | None, *, json: bool) -> Form:
    """The format of that name; the first one where none is named. Raises CudaDoctorError with those that there are."""
    if json:
        if name not in (None, "json"):
            raise CudaDoctorError(f"--json and --format {name} exclude each other")
        name = "json"
    if name is None:
        return next(iter(kind))
    found = next((one for one in kind if one.value == name), None)
    if found is None:
        raise CudaDoctorError(f"format `{name}` is not known here; use {', '.join(one.value for one in kind)}")
    return found


def unreachable(form: NoReturn) -> NoReturn:
    """Behind the last arm: a format without one does not pass the type checker."""
    raise AssertionError(form)
