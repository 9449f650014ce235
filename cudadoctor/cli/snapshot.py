"""`cudadoctor snapshot`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, options
from cudadoctor.cli.check import RootOption, ViaOption
from cudadoctor.errors import ExitCode

FileOption = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write; .gz packs it.")]
RedactOption = Annotated[
    bool,
    typer.Option("--redact/--no-redact", help="Replace user and host names, home paths, addresses, UUIDs, serials."),
]


def snapshot(
    context: typer.Context,
    output: FileOption,
    redact: RedactOption = True,
    fast: options.Fast = False,
    env: options.Env = None,
    all_envs: options.AllEnvs = False,
    via: ViaOption = None,
    root: RootOption = None,
    timeout: options.Timeout = 60.0,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Record this machine, or another one, in a file, for `cudadoctor check --from FILE` here or anywhere else."""
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.api import examine as api

    request = api.Request(fast=fast, envs=tuple(env or ()), all_envs=all_envs, timeout=timeout)
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        host = api.chosen_host(request, via=via, root=root, progress=progress.label)
        api.snapshot(host, request, output, redact=redact)
    if shared.verbosity >= 0:
        how = "redacted; read it before you publish it" if redact else "not redacted: it names users, hosts and paths"
        console.note(f"wrote {output} ({how})")
    return ExitCode.OK
