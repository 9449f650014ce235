"""`cudadoctor fix`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, diagnose, options, plan
from cudadoctor.errors import CudaDoctorError

CodesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[CODES]...",
        help="Only these findings: codes, prefixes of codes or names. By a whole code or name also what is not safe "
        "enough unasked.",
        show_default=False,
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report", metavar="FILE", help="Plan from a pasted report instead (`-`: standard input); cannot be applied."
    ),
]


def fix(
    context: typer.Context,
    codes: CodesArgument = None,
    snapshot: plan.FromOption = None,
    report: ReportOption = None,
    emit: plan.EmitOption = None,
    json: plan.JsonOption = False,
    apply: plan.ApplyOption = False,
    yes: plan.YesOption = False,
    resume: plan.ResumeOption = False,
    timeout: options.Timeout = 60.0,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Plan what cures the root causes that `check` finds here; with --apply, do it.

    Without --apply nothing is changed. What needs root or is not safe enough is shown, and done only where its finding
    is named.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    if resume:
        given = options.given(context, but=("apply", "yes", "resume", "json", "output", "color", "quiet", "verbose"))
        return plan.resume(given=given, json=json, output=output, shared=shared)
    if snapshot is not None and report is not None:
        raise CudaDoctorError("--from and --report exclude each other")
    far = "--from" if snapshot is not None else "--report" if report is not None else None
    how = plan.mode(emit=emit, json=json, apply=apply, yes=yes, output=output, shared=shared, far=far)
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan

    named = options.words(codes)
    pasted = diagnose.text_of(report) if report is not None else None
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        host = None
        if pasted is None:
            host = api.recorded_host(snapshot) if snapshot is not None else api.local_host()
        made = api_plan.plan_fix(host, named, pasted=pasted, timeout=timeout, progress=progress.label)
    return plan.finish(made, how, here=far is None)
