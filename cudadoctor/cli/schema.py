"""`cudadoctor schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import ExitCode

Document = Literal["report", "recommendation", "plan", "smoke", "snapshot"]
DocumentArgument = Annotated[Document, typer.Argument(help="Which document.", show_default=False)]


def schema(
    context: typer.Context,
    document: DocumentArgument,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print the JSON schema (draft 2020-12) of a document that cudadoctor writes.

    Within one version of a document keys are only added.
    """
    options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.render.contract import dumps
    from cudadoctor.render.schema import schema as made

    console.write_result(dumps(made(document)), output)
    return ExitCode.OK
