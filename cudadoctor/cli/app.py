"""The application: its commands, and how every way of ending becomes an exit code."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from cudadoctor.cli import console, options
from cudadoctor.errors import CudaDoctorError, ExitCode

_FAILED = "2 wrong usage or unreadable input; 3 cudadoctor itself failed; 130 interrupted."
_CHECK = (
    f"0 nothing found at or above --fail-on; 1 findings; {_FAILED[:-1]}; 4 with --strict, something is undetermined."
)
_PLAN = f"0 planned, or done; 1 impossible, or a step failed; {_FAILED[:-1]} or declined."
_OTHER = f"0 done; {_FAILED}"


def _end(codes: str, *examples: str) -> str:
    """The end of a command's page: examples, then its exit codes."""
    shown = "".join(f"\n  {example}" for example in examples)
    return (f"\b\nExamples:{shown}\n\n" if examples else "") + f"Exit codes: {codes}"


# name: (module, function, what the list of commands says, the end of its page)
COMMANDS: dict[str, tuple[str, str, str, str]] = {
    "check": (
        *("check", "check", "Examine this machine, or another one."),
        _end(_CHECK, "cudadoctor check", "cudadoctor check --json -o report.json", "cudadoctor check --expect gpus=8",
             "cudadoctor check --via 'ssh gpu01 python3 -'"),
    ),
    "diagnose": (
        *("diagnose", "diagnose", "Find the cause in a pasted report."),
        _end(_CHECK.replace(" at or above --fail-on", ""), "cudadoctor diagnose report.txt",
             "dmesg | cudadoctor diagnose -"),
    ),
    "recommend": (
        *("recommend", "recommend", "Print the right install command for this machine."),
        _end(f"0 a command; 1 none exists, or unknown to the tables; {_FAILED}", "cudadoctor recommend",
             "cudadoctor recommend --manager conda --cuda 10.1",
             "cudadoctor recommend --gpu 'RTX 5090' --driver 580.65.06 --manager uv"),
    ),
    "install": (
        *("install", "install", "Plan the way to a working torch; --apply carries it out."),
        _end(_PLAN, "cudadoctor install", "cudadoctor install --manager conda --cuda 10.1 --emit sh",
             "cudadoctor install --apply"),
    ),
    "fix": (
        *("fix", "fix", "Plan fixes for what `check` finds; --apply carries them out."),
        _end(_PLAN, "cudadoctor fix", "cudadoctor fix path-duplicates --apply"),
    ),
    "smoke": (
        *("smoke", "smoke", "Prove that torch computes on the GPU."),
        _end(f"0 passed; 1 a test failed, or all were skipped; {_FAILED}", "cudadoctor smoke",
             "cudadoctor smoke --level full --expect-gpus 8 --format junit -o smoke.xml"),
    ),
    "demo": (
        *("demo", "demo", "Examine a recorded machine that comes with cudadoctor."),
        _end(_CHECK.partition("; 4 ")[0] + ".", "cudadoctor demo", "cudadoctor demo driver-too-old"),
    ),
    "expect": (
        *("expect", "expect", "Print what this machine has as expectations for `check`."),
        _end(_OTHER, "cudadoctor expect -o cudadoctor.toml"),
    ),
    "fleet": (
        *("fleet", "fleet", "Examine many machines, and say which differ."),
        _end(f"0 nothing found; 1 findings, or a silent node; {_FAILED}", "cudadoctor fleet 'gpu[001-128]'",
             "cudadoctor fleet --slurm --partition gpu", "cudadoctor fleet --from snapshots/"),
    ),
    "snapshot": (
        *("snapshot", "snapshot", "Record a machine in a file for `check --from`."),
        _end(_OTHER, "cudadoctor snapshot -o machine.json.gz"),
    ),
    "agent": (
        *("agent", "agent", "Print a program that records a machine without cudadoctor."),
        _end(_OTHER, "cudadoctor agent | ssh gpu01 python3 - > gpu01.json"),
    ),
    "shell": (
        *("shell", "shell", "Print the lines for a shell, or write them into its rc file."),
        _end(_PLAN.replace("planned", "printed"), "cudadoctor shell", "cudadoctor shell --cuda 12.6 --apply",
             "cudadoctor shell --for github"),
    ),
    "undo": (
        *("undo", "undo", "Undo what `--apply` did last."),
        _end(_PLAN.replace("planned, or done", "undone"), "cudadoctor undo"),
    ),
    "explain": (
        *("explain", "explain", "Print the page of a check, or list all checks."),
        _end(_OTHER, "cudadoctor explain DRV001", "cudadoctor explain --list"),
    ),
    "tables": (
        *("tables", "tables", "List the tables that answers rest on, with source and date."),
        _end(_OTHER, "cudadoctor tables -v"),
    ),
    "schema": (
        *("schema", "schema", "Print the JSON schema of a report, plan, recommendation or snapshot."),
        _end(_OTHER, "cudadoctor schema report"),
    ),
    "completion": (
        *("completion", "completion", "Print the completion script for bash, zsh or fish."),
        _end(_OTHER, "source <(cudadoctor completion bash)"),
    ),
    "help": ("completion", "help_page", "Show the help of a command.", _end(_OTHER, "cudadoctor help check")),
}  # fmt: skip


class _Commands(TyperGroup):
    """Imports and builds only the command that is used: most of a short run's time went into all the others."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  typer's own classes are not public
        super().__init__(**attributes)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ANN401, ARG002
        """The command of that name; None where there is none."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            from importlib import import_module

            module, function, short, epilog = COMMANDS[cmd_name]
            one = typer.Typer(rich_markup_mode=None, add_completion=False)
            one.command(name=cmd_name, short_help=short, epilog=epilog)(
                vars(import_module(f"cudadoctor.cli.{module}"))[function]
            )
            self.commands[cmd_name] = typer.main.get_command(one)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401, ARG002
        """The list of commands, without building them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, _, short, _) in COMMANDS.items()])


app = typer.Typer(
    name="cudadoctor",
    cls=_Commands,
    help="Examine a machine's CUDA and PyTorch, say what is wrong and why, and what to type.",
    epilog="`cudadoctor help COMMAND` shows examples and exit codes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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

    signal.signal(signal.SIGTERM, _terminated)
    code = run(sys.argv[1:])
    for name in ("cudadoctor.host.child", "cudadoctor.host.early"):
        if name in sys.modules:  # else nothing was started
            sys.modules[name].end_all()
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
