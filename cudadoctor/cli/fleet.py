"""`cudadoctor fleet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cudadoctor.cli import console, options
from cudadoctor.cli.check import FailOn, FailOnOption
from cudadoctor.errors import CudaDoctorError, ExitCode

if TYPE_CHECKING:
    from cudadoctor.api import fleet as fleet_api

NodesArgument = Annotated[list[str] | None, typer.Argument(metavar="NODES", help="Sets of nodes: 'gpu[001-128]'.")]
FolderOption = Annotated[
    str | None, typer.Option("--from", metavar="DIR", help="Compare the snapshots in a folder instead.")
]
LauncherOption = Annotated[
    str | None,
    typer.Option(
        "--launcher",
        metavar="COMMAND",
        help="How to reach a node: 'kubectl exec -i {host} -- python3 -'. Default: ssh.",
    ),
]
SlurmOption = Annotated[
    bool, typer.Option("--slurm", help="Reach the nodes with srun; without NODES, all that sinfo lists.")
]
PartitionOption = Annotated[str | None, typer.Option("--partition", metavar="NAME", help="Slurm's partition.")]
ReservationOption = Annotated[str | None, typer.Option("--reservation", metavar="NAME", help="Slurm's reservation.")]
SrunOption = Annotated[
    str | None, typer.Option("--srun-options", metavar="WORDS", help="More for srun: '--gres=gpu:8 --account=ops'.")
]
FanoutOption = Annotated[int, typer.Option("--fanout", metavar="N", min=1, max=1024, help="Nodes asked at once.")]
SaveOption = Annotated[str | None, typer.Option("--save", metavar="DIR", help="Keep each node's snapshot there.")]
FormatOption = Annotated[
    Literal["text", "json", "jsonl"] | None,
    typer.Option("--format", metavar="text|json|jsonl", help="jsonl: one line for each node. Default: text."),
]


def fleet(
    context: typer.Context,
    nodes: NodesArgument = None,
    folder: FolderOption = None,
    launcher: LauncherOption = None,
    slurm: SlurmOption = False,
    partition: PartitionOption = None,
    reservation: ReservationOption = None,
    srun_options: SrunOption = None,
    fanout: FanoutOption = 32,
    save: SaveOption = None,
    fast: options.Fast = False,
    fail_on: FailOnOption = "error",
    timeout: options.Timeout = 60.0,
    format_name: FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Examine many machines side by side, and say which differ from their peers.

    Each node needs a python3; nothing is installed there. --timeout is for each node. A node that does not answer is
    a row of the report, and counts as an error.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    if json and format_name not in (None, "json"):
        raise CudaDoctorError(f"--json and --format {format_name} exclude each other")
    from cudadoctor.api import examine as api
    from cudadoctor.api import fleet as fleet_api

    request = api.Request(fast=fast, timeout=timeout)
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        if folder is not None:
            if nodes or slurm or launcher or save:
                raise CudaDoctorError("--from compares what is stored: leave out nodes, --slurm, --launcher and --save")
            found = fleet_api.stored(folder, request, progress=progress.label)
        else:
            launch = fleet_api.launcher(
                launcher, slurm=slurm, partition=partition, reservation=reservation, options=srun_options
            )
            names = fleet_api.whole(nodes or (), slurm=slurm, partition=partition)
            found = fleet_api.ask(names, launch, request, fanout=fanout, save=save, progress=progress.label)
    console.write_result(_drawn(found, "json" if json else format_name or "text", shared, output), output)
    return _code(found, fail_on)


def _drawn(found: fleet_api.Comparison, form: str, shared: options.Common, output: str | None) -> str:
    from cudadoctor.api import fleet as fleet_api

    if form != "text":
        from cudadoctor.render.fleet import json as fleet_json

        return fleet_json.render(found) if form == "json" else fleet_json.lines(found)
    from cudadoctor.render.fleet import text

    look = console.look(shared.verbosity, shared.color, to_file=output is not None)
    return text.render(found, fleet_api.fold, look)


def _code(found: fleet_api.Comparison, fail_on: FailOn) -> ExitCode:
    """As for `check`; a node without an answer is an error, one that differs a warning."""
    words = ("error", "warning", "info")
    failing = words[: words.index(fail_on) + 1] if fail_on != "never" else ()
    seen = {one.severity for one in found.findings} | ({"error"} if found.silent else set())
    seen |= {"warning"} if found.odd else set()
    return ExitCode.FINDINGS if seen & set(failing) else ExitCode.OK
