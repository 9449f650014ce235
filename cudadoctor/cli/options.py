"""Options that several commands share, and what they come to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

Color = Literal["auto", "always", "never"]


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes, before or after its name."""

    verbosity: int = 0
    """-1 quiet, 0, 1 verbose, 2 very verbose."""
    color: Color = "auto"


def _show_version(value: bool) -> None:
    if value:
        from cudadoctor import __version__
        from cudadoctor.cli.console import write_result

        write_result(f"cudadoctor {__version__}\n", None)
        raise typer.Exit


def _positive(value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value:g} is not a positive number of seconds.")
    return value


Version = Annotated[
    bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
]
HiddenVersion = Annotated[bool, typer.Option("--version", hidden=True, is_eager=True, callback=_show_version)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the verdict.")]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, show_default=False, help="Print details; twice: every fact too.")
]
ColorOption = Annotated[
    Color | None, typer.Option("--color", help="When to use colour. NO_COLOR and FORCE_COLOR are honoured.")
]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result to this file.")]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Fast = Annotated[bool, typer.Option("--fast", help="Do not import torch in any environment; read files only.")]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env", metavar="NAME|PATH", help="Examine this environment; the first one counts as active. Repeatable."
    ),
]
AllEnvs = Annotated[
    bool, typer.Option("--all-envs", help="Import torch in every environment found, not only the active one.")
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="Time limit for the whole run, in seconds.",
        callback=_positive,
        show_default=True,
    ),
]


def common(context: typer.Context, *, quiet: bool, verbose: int, color: Color | None) -> Common:
    """The options of a command over those that stood before its name."""
    before = context.obj if isinstance(context.obj, Common) else Common()
    verbosity = -1 if quiet else min(verbose, 2) or before.verbosity
    return Common(verbosity=verbosity, color=color or before.color)


def given(context: typer.Context, *, but: tuple[str, ...]) -> tuple[str, ...]:
    """The options of a command that stand on the command line, as they are written, all `but` those parameters."""
    from enum import Enum

    found: list[str] = []
    for parameter in context.command.params:
        if parameter.name is None or parameter.name in but:
            continue
        source = context.get_parameter_source(parameter.name)
        if not isinstance(source, Enum) or source.name != "COMMANDLINE":
            continue
        found.append(next((word for word in parameter.opts if word.startswith("--")), parameter.name.upper()))
    return tuple(found)


def words(given: list[str] | None) -> tuple[str, ...]:
    """Selectors from repeated and comma-separated options. An empty one stays, so that it is refused by name."""
    return tuple(word.strip() for entry in given or () for word in (entry.rstrip(",") or entry).split(","))
