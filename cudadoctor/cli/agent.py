"""`cudadoctor agent`."""

from __future__ import annotations

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import ExitCode


def agent(
    context: typer.Context,
    fast: options.Fast = False,
    timeout: options.Timeout = 60.0,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print a program that records a machine without cudadoctor on it; python3 3.6 is enough there.

    cudadoctor agent | ssh gpu01 python3 - > gpu01.json, then cudadoctor check --from gpu01.json. Nothing is installed
    there. Where the connection can stay open, `check --via 'ssh gpu01 python3 -'` asks more.
    """
    options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.api import examine as api

    console.write_result(api.agent_program(api.Request(fast=fast, timeout=timeout)), output)
    return ExitCode.OK
