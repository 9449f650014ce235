"""`cudadoctor expect`."""

from __future__ import annotations

import typer

from cudadoctor.cli import console, options
from cudadoctor.cli.check import FromOption
from cudadoctor.errors import ExitCode


def expect(
    context: typer.Context,
    snapshot: FromOption = None,
    env: options.Env = None,
    timeout: options.Timeout = 60.0,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print what this machine has as expectations: `cudadoctor expect -o cudadoctor.toml` on a good one.

    `check` then fails where a machine has something else. Loosen what may differ before you commit the file.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.api import examine as api
    from cudadoctor.api import expectations

    request = api.Request(fast=True, envs=tuple(env or ()), timeout=timeout)
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        report = api.examine_host(api.chosen_host(request, snapshot=snapshot), request, progress=progress.label)
    console.write_result(expectations.written(report.facts), output)
    return ExitCode.OK
