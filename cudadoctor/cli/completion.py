"""`cudadoctor completion` and `cudadoctor help`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import CudaDoctorError, ExitCode

ShellArgument = Annotated[
    Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish", help="The shell to complete in.")
]
CommandArgument = Annotated[
    str | None, typer.Argument(metavar="COMMAND", help="The command to show. Default: the list of commands.")
]


def completion(
    shell: ShellArgument,
    output: options.Output = None,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print the completion script for a shell: `source <(cudadoctor completion bash)` in ~/.bashrc.

    zsh: the same line in ~/.zshrc, after compinit. fish: `cudadoctor completion fish | source` in config.fish.
    """
    from typer import completion as scripts

    make: Callable[..., str] = vars(scripts)["get_completion_script"]  # typer exports it to --show-completion alone
    script = make(prog_name="cudadoctor", complete_var="_CUDADOCTOR_COMPLETE", shell=shell)
    console.write_result(script.rstrip("\n") + "\n", output)
    return ExitCode.OK


def help_page(context: typer.Context, command: CommandArgument = None) -> int:
    """Show the help of a command; the same as COMMAND --help."""
    top = context.parent
    assert top is not None
    if command is None:
        console.write_result(top.get_help().rstrip("\n") + "\n", None)
        return ExitCode.OK
    group: Any = top.command
    found = group.get_command(top, command)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(command, group.list_commands(top), n=1)
        raise CudaDoctorError(f"there is no command `{command}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    inner = typer.Context(found, parent=top, info_name=command, **found.context_settings)
    console.write_result(found.get_help(inner).rstrip("\n") + "\n", None)
    return ExitCode.OK
