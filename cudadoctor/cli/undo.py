"""`cudadoctor undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cudadoctor.api.plans import TakenBack
    from cudadoctor.remedies.plan import Plan

JournalArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOURNAL]",
        help="The run to undo, by folder or name. Default: the latest.",
        show_default=False,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; only undoing a plan asks.")]
_HOW = {
    "restored": "is again what it was, byte for byte",
    "removed": "is gone, as it was before",
    "part": "was edited since: the edits stay, only cudadoctor's block is out",
    "ran": "was run",
    "purged": "are removed, as they were before",
}


def undo(
    context: typer.Context,
    journal: JournalArgument = None,
    yes: YesOption = False,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Take back what the last `--apply` or `--remove` did. Again: the one before it.

    A file that was edited since keeps the edits. What cannot be taken back is said.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan
    from cudadoctor.cli.plan import agreed
    from cudadoctor.cli.plan_progress import Watcher

    host = api.local_host()
    made = api_plan.next_to_undo(host, journal)
    if made is not None and not yes:
        console.write_result("".join(f"{line}\n" for line in _before(made)), None)
        if not agreed("Take this back?"):
            console.note("nothing was changed")
            return ExitCode.INTERRUPTED
    done = api_plan.undo(host, journal, watcher=Watcher(quiet=shared.verbosity < 0, verbose=shared.verbosity > 0))
    if done.state == "nothing-to-do":
        console.note("there is nothing to take back")
        return ExitCode.OK
    if shared.verbosity >= 0:
        from cudadoctor.render.clean import clean

        console.write_result("".join(f"{clean(line)}\n" for line in _after(done)), None)
    if done.error is not None:
        console.note(done.error)
        if done.log:
            console.note(f"log: {done.log}")
    if done.state == "interrupted":
        return ExitCode.INTERRUPTED
    changed = any(item.how == "kept" and "changed since" in item.reason for item in done.items)
    return ExitCode.FINDINGS if changed or done.state == "failed" else ExitCode.OK


def _before(made: Plan) -> Iterator[str]:
    """What would be taken back, the last step first."""
    from cudadoctor.render.clean import clean, command

    yield f"To be taken back: {clean(made.title)}"
    for step in reversed(made.steps):
        if step.manual:
            continue
        yield f"  {clean(step.title)}"
        yield from (f"      {command(one.argv)}" for one in step.undo)
        yield from (f"      {clean(path)} is removed, where it was not there before" for path in step.makes)
        if step.lasting:
            yield f"      stays: {clean(step.lasting)}"


def _after(done: TakenBack) -> Iterator[str]:
    yield f"undid `{done.what}`" if done.state == "undone" else f"not all of `{done.what}` is taken back"
    for item in done.items:
        yield f"{item.path} {_HOW.get(item.how) or f'is left as it is: {item.reason}'}"
    for line in done.lasting:
        yield f"stays: {line}"
