"""`cudadoctor shell`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import CudaDoctorError, ExitCode

if TYPE_CHECKING:
    from cudadoctor.api.shell import Change

Carrier = Literal["rc", "github", "gitlab", "docker", "systemd", "lmod", "conda", "env0"]
Session = Literal["interactive", "login", "all"]
ShellOption = Annotated[
    str | None,
    typer.Option(
        "--shell", metavar="bash|zsh|sh|fish|tcsh", help="The shell to write for. Default: yours, from SHELL."
    ),
]
CudaOption = Annotated[
    str | None,
    typer.Option(
        "--cuda", metavar="DIR|VERSION", help="The toolkit: its folder or version. Default: the one in use here."
    ),
]
LibraryOption = Annotated[
    bool,
    typer.Option(
        "--ld-library-path",
        help="Also set LD_LIBRARY_PATH. Off: torch's wheels and conda environments bring their own libraries, and it "
        "would go before them.",
    ),
]
ForOption = Annotated[Carrier, typer.Option("--for", help="Where the lines go.")]
SessionOption = Annotated[Session, typer.Option("--session", help="With --apply: for this user or for everyone.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Write the lines into the rc file, as one managed block.")]
RemoveOption = Annotated[bool, typer.Option("--remove", help="Remove the managed block.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def shell(
    context: typer.Context,
    shell_name: ShellOption = None,
    cuda: CudaOption = None,
    ld_library_path: LibraryOption = False,
    carrier: ForOption = "rc",
    apply: ApplyOption = False,
    remove: RemoveOption = False,
    session: SessionOption = "interactive",
    yes: YesOption = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print the lines that put a CUDA toolkit on PATH: safe to read twice, and nothing where the toolkit is not there.

    With --apply they go into the rc file: the change is shown first, and `cudadoctor undo` takes it back.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    _refuse_contradictions(apply=apply, remove=remove, carrier=carrier, output=output, cuda=cuda)
    from cudadoctor.api import examine as api
    from cudadoctor.api import shell as api_shell

    host = api.local_host()
    if not (apply or remove):
        text, notes = api_shell.shell_lines(
            host, shell=shell_name, cuda=cuda, ld_library_path=ld_library_path, carrier=carrier
        )
        console.write_result(text, output)
        _say(notes, shared)
        return ExitCode.OK
    changes, notes = api_shell.plan_shell(
        host, shell=shell_name, session=session, cuda=cuda, ld_library_path=ld_library_path, remove=remove
    )
    if not changes:
        _say((*notes, "no file has the block" if remove else "the lines are in place already"), shared)
        return ExitCode.OK
    console.write_result(_drawn(changes, color=console.wants_color(shared.color, to_file=False)), None)
    _say(notes, shared)
    if not (yes or _agreed(changes)):
        console.note("nothing was changed")
        return ExitCode.INTERRUPTED
    api_shell.apply_shell(host, changes, f"shell {'--remove' if remove else '--apply'}")
    after = "" if remove else "; open a new shell to read it"
    _say([f"wrote {one.shown}" for one in changes] + [f"`cudadoctor undo` takes it back{after}"], shared)
    return ExitCode.OK


def _refuse_contradictions(*, apply: bool, remove: bool, carrier: str, output: str | None, cuda: str | None) -> None:
    if apply and remove:
        raise CudaDoctorError("--apply and --remove exclude each other")
    mode = "--apply" if apply else "--remove"
    if (apply or remove) and carrier != "rc":
        raise CudaDoctorError(f"{mode} is for rc files: print what `--for {carrier}` takes, without {mode}")
    if (apply or remove) and output is not None:
        raise CudaDoctorError(f"{mode} writes the rc file itself: --output does not go with it")
    if remove and cuda is not None:
        raise CudaDoctorError("--remove takes the block out whatever toolkit it names: --cuda does not go with it")


def _drawn(changes: tuple[Change, ...], *, color: bool) -> str:
    from cudadoctor.render.clean import clean_lines

    tint = {"+": "32", "-": "31", "@": "36"}
    lines: list[str] = []
    for line in (line for one in changes for line in one.diff):
        shown = "".join(clean_lines(line))
        mark = None if shown[:3] in ("+++", "---") else tint.get(shown[:1])
        lines.append(f"\x1b[{mark}m{shown}\x1b[0m\n" if color and mark else f"{shown}\n")
    return "".join(lines)


def _agreed(changes: tuple[Change, ...]) -> bool:
    """Asked once, on a terminal. Raises CudaDoctorError where there is nobody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise CudaDoctorError("there is no terminal to ask on, and nothing was changed: --yes makes the change")
    files = "this file" if len(changes) == 1 else f"these {len(changes)} files"
    sys.stderr.write(f"Write {files}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(notes: list[str] | tuple[str, ...], shared: options.Common) -> None:
    if shared.verbosity >= 0:
        for note in notes:
            console.note(note)
