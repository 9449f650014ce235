"""The application: its commands, and how every way of ending becomes an exit code."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from cudadoctor.cli import console, options
from cudadoctor.cli.agent import agent
from cudadoctor.cli.check import check
from cudadoctor.cli.completion import completion, help_page
from cudadoctor.cli.demo import demo
from cudadoctor.cli.diagnose import diagnose
from cudadoctor.cli.expect import expect
from cudadoctor.cli.explain import explain
from cudadoctor.cli.fix import fix
from cudadoctor.cli.install import install
from cudadoctor.cli.recommend import recommend
from cudadoctor.cli.shell import shell
from cudadoctor.cli.smoke import smoke
from cudadoctor.cli.snapshot import snapshot
from cudadoctor.cli.tables import tables
from cudadoctor.cli.undo import undo
from cudadoctor.errors import CudaDoctorError, ExitCode

EPILOG = (
    "Exit codes: 0 nothing found at or above --fail-on; 1 findings; 2 wrong usage or unreadable input; "
    "3 cudadoctor itself failed; 4 with --strict, something could not be known; 130 interrupted."
)
PLANS = (
    "Exit codes: 0 planned, or done; 1 impossible, or a step failed; 2 wrong usage; 3 cudadoctor itself failed; "
    "130 interrupted, or not agreed to."
)

app = typer.Typer(
    name="cudadoctor",
    help="Examine a machine's CUDA and PyTorch, say what is wrong and why, and what to type.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EPILOG, short_help="Examine this machine, or a recorded one.")(check)
app.command(epilog=EPILOG, short_help="Read a pasted report and say which fault it is.")(diagnose)
app.command(epilog=EPILOG, short_help="Print the install command that is right for this machine.")(recommend)
app.command(epilog=PLANS, short_help="Plan, and with --apply do, what leads to a working torch.")(install)
app.command(epilog=PLANS, short_help="Plan, and with --apply do, what cures what `check` finds.")(fix)
app.command(epilog=EPILOG, short_help="Prove that torch computes on the GPU.")(smoke)
app.command(epilog=EPILOG, short_help="Examine a recorded machine that comes with cudadoctor.")(demo)
app.command(short_help="Print what this machine has as expectations for `check`.")(expect)
app.command(short_help="Record this machine in a file for `check --from`.")(snapshot)
app.command(short_help="Print a program that records a machine without cudadoctor.")(agent)
app.command(short_help="Print the lines for a shell, or put them into its rc file.")(shell)
app.command(short_help="Take back what `--apply` did last.")(undo)
app.command(short_help="Print the page of a check, or list all checks.")(explain)

app.command(short_help="List the tables that answers rest on, with source and date.")(tables)
app.command(short_help="Print the completion script for bash, zsh or fish.")(completion)
app.command(name="help", short_help="Show the help of a command.")(help_page)


@app.callback()
def before(
    context: typer.Context,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.Version = False,  # noqa: ARG001
) -> None:
    """Options that may stand before a command."""
    context.obj = options.common(context, quiet=quiet, verbose=verbose, color=color)


def main() -> NoReturn:
    """Run, and end at once.

    A probe's thread or child that hangs in the driver (state D) must not keep the process: nothing is waited for.
    """
    import signal

    from cudadoctor.api import examine as api

    signal.signal(signal.SIGTERM, _terminated)
    code = run(sys.argv[1:])
    api.end_children()
    console.flush(sys.stdout)
    console.flush(sys.stderr)
    os._exit(code)


def _terminated(number: int, _frame: object) -> NoReturn:
    """A job that is cancelled leaves as Ctrl-C does, so that what it started ends with it."""
    raise SystemExit(128 + number)


def run(arguments: list[str]) -> int:
    """The exit code of one command line. Every failure is one line on standard error."""
    try:
        result = app(args=arguments, prog_name="cudadoctor", standalone_mode=False)
        return result if isinstance(result, int) else ExitCode.OK
    except CudaDoctorError as error:
        console.note(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        console.silence(sys.stdout)
        return ExitCode.OK
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK if end.code is None else ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  the last place where a bug can still be said in one line
        if hasattr(error, "format_message"):
            return _usage(error.format_message())
        return _bug(error, arguments)


def _usage(message: str) -> ExitCode:
    """What typer complains of, as one line; its help, which comes as one where no command was given, as it is."""
    if message.startswith("Usage:"):
        sys.stderr.write(f"{message}\n")
    else:
        console.note(message or "wrong usage: see cudadoctor --help")
    return ExitCode.USAGE


def _bug(error: Exception, arguments: list[str]) -> ExitCode:
    verbose = any(word == "--verbose" or (word[:2] == "-v" and not word.strip("-v")) for word in arguments)
    if verbose:
        import traceback

        traceback.print_exception(error)
    more = "" if verbose else " (-v shows where)"
    console.note(f"a bug in cudadoctor: {type(error).__name__}: {error}{more}")
    return ExitCode.INTERNAL
