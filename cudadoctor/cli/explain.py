"""`cudadoctor explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, formats, options
from cudadoctor.errors import CudaDoctorError, ExitCode

ListOption = Annotated[bool, typer.Option("--list", help="List every check.")]


def _known(incomplete: str) -> list[str]:
    from cudadoctor.api import examine as api

    names = [word for one in api.check_list() for word in (one.code, one.name)]
    return [name for name in names if name.lower().startswith(incomplete.lower())]


WordArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[CODE|NAME]", help="A check's code or name: DRV001, driver-not-installed.", autocompletion=_known
    ),
]
FormatOption = Annotated[str | None, formats.option(formats.PlainFormat)]


def explain(
    context: typer.Context,
    word: WordArgument = None,
    list_all: ListOption = False,
    format_name: FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print the page of a check: what it says, why it matters, the cure, the sources."""
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    form = formats.chosen(formats.PlainFormat, format_name, json=json)
    from cudadoctor.api import examine as api

    if word is None and not list_all:
        raise CudaDoctorError("explain what? Give a code or a name, or --list")
    if word is not None and list_all:
        raise CudaDoctorError(f"--list and `{word}` exclude each other")
    chosen = None if word is None else api.find_check(word)
    if word is not None and chosen is None:
        raise CudaDoctorError(
            f"there is no check `{word}`{_nearest(word, {one.code: one.name for one in api.check_list()})}"
        )
    if form == "json":
        from cudadoctor.render.check import json as check_json
        from cudadoctor.render.contract import dumps

        value = [check_json.row(one) for one in api.check_list()] if chosen is None else check_json.whole(chosen)
        console.write_result(dumps(value), output)
        return ExitCode.OK
    from cudadoctor.render.check import text as text_page

    to_file = output is not None
    look = console.look(0, shared.color, to_file=to_file)
    drawn = text_page.render_list(api.check_list(), look) if chosen is None else text_page.render_page(chosen, look)
    console.write_result(drawn, output)
    return ExitCode.OK


def _nearest(word: str, names: dict[str, str]) -> str:
    from difflib import get_close_matches

    known = {shown.lower(): shown for shown in (*names.keys(), *names.values())}
    near = get_close_matches(word.lower(), known, n=3, cutoff=0.5)
    if not near:
        return ": see `cudadoctor explain --list`"
    return f"; near to it: {', '.join(known[name] for name in near)}"
