"""`cudadoctor demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import check, console, formats, options
from cudadoctor.errors import CudaDoctorError, ExitCode


def _names(incomplete: str) -> list[str]:
    from cudadoctor.demo import MACHINES

    return [name for name in MACHINES if name.startswith(incomplete)]


NameArgument = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="The machine to examine. Default: list them.", autocompletion=_names),
]


def demo(
    context: typer.Context,
    name: NameArgument = None,
    format_name: check.FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Examine a recorded machine that comes with cudadoctor, to see what a report looks like.

    The result is that of `cudadoctor check --from SNAPSHOT`. Without a name: list the machines.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    if name is None:
        if format_name is not None or json:
            raise CudaDoctorError("the list of demo machines is text only; name a machine to get its report")
        console.write_result(_list(), output)
        return ExitCode.OK
    from cudadoctor.api import examine as api

    form = formats.chosen(formats.ReportFormat, format_name, json=json)
    report = api.examine_host(api.demo_host(name), api.Request())
    check.write(report, form, shared, output)
    return check.exit_code(report, "error", strict=False)


def _list() -> str:
    from cudadoctor.demo import MACHINES

    width = max(map(len, MACHINES))
    return "".join(f"{name:<{width}}  {what}\n" for name, what in MACHINES.items())
