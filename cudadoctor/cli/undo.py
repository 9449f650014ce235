"""`cudadoctor undo`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import ExitCode

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. (Nothing that can be undone now asks.)")]
_HOW = {
    "restored": "is again what it was, byte for byte",
    "removed": "is gone, as it was before",
    "part": "was edited since: the edits stay, only cudadoctor's block is out",
}


def undo(
    context: typer.Context,
    yes: YesOption = False,  # noqa: ARG001
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Take back what the last `--apply` or `--remove` did. Again: the one before it.

    A file that was edited since keeps the edits.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor import api, api_shell

    done = api_shell.undo(api.local_host())
    if done is None:
        console.note("there is nothing to take back")
        return ExitCode.OK
    action, files = done
    lines = [f"undid `{action}`"]
    lines += [f"{file.path} {_HOW.get(file.how) or f'is left as it is: {file.reason}'}" for file in files]
    if shared.verbosity >= 0:
        from cudadoctor.render.clean import clean

        console.write_result("".join(f"{clean(line)}\n" for line in lines), None)
    return (
        ExitCode.FINDINGS
        if any(file.how == "kept" and "changed since" in file.reason for file in files)
        else ExitCode.OK
    )
