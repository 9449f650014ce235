"""`cudadoctor check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cudadoctor.cli import console, formats, options
from cudadoctor.errors import ExitCode

if TYPE_CHECKING:
    from cudadoctor.report.model import Report

FailOn = Literal["error", "warning", "info", "never"]
SEVERITIES = ("error", "warning", "info")
"""From the worst down."""
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select", metavar="CODES", help="Run only these checks: codes, prefixes of codes or names, comma-separated."
    ),
]
IgnoreOption = Annotated[list[str] | None, typer.Option("--ignore", metavar="CODES", help="Leave these checks out.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="SNAPSHOT", help="Examine a recorded machine instead of this one.")
]
ViaOption = Annotated[
    str | None,
    typer.Option("--via", metavar="COMMAND", help="Examine another machine: a command that starts python3 there."),
]
RootOption = Annotated[
    str | None, typer.Option("--root", metavar="DIR", help="Examine a file system that is not running: a mounted disk.")
]
ExpectOption = Annotated[
    list[str] | None,
    typer.Option("--expect", metavar="FILE|KEY=VALUE", help="What this machine must have: gpus=8. Repeatable."),
]
FormatOption = Annotated[str | None, formats.option(formats.ReportFormat)]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Exit 1 if any finding is at least this severe.")]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Exit 4 if something that was needed could not be determined.")
]


def check(
    context: typer.Context,
    fast: options.Fast = False,
    env: options.Env = None,
    all_envs: options.AllEnvs = False,
    snapshot: FromOption = None,
    via: ViaOption = None,
    root: RootOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    expect: ExpectOption = None,
    fail_on: FailOnOption = "error",
    strict: StrictOption = False,
    timeout: options.Timeout = 60.0,
    format_name: FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Examine this machine's GPU, driver, CUDA toolkit, shell, environments and torch.

    Nothing is changed, and nothing is sent over a network.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    form = formats.chosen(formats.ReportFormat, format_name, json=json)
    from cudadoctor.api import examine as api
    from cudadoctor.api import expectations

    expected = expectations.expected(expect or (), api.local_host())
    request = api.Request(fast=fast, envs=tuple(env or ()), all_envs=all_envs, timeout=timeout)
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        host = api.chosen_host(request, snapshot=snapshot, via=via, root=root, progress=progress.label)
        report = api.examine_host(
            host,
            request,
            select=options.words(select),
            ignore=options.words(ignore),
            expected=expected,
            progress=progress.label,
        )
    for one in report.no_longer_ignored:
        console.note(f"{one.origin}: the entry for {one.name} ended on {one.until} and no longer counts")
    for crash in report.crashed:
        console.note(f"check {crash.code} {crash.name} crashed, a bug in cudadoctor: {crash.error}")
    write(report, form, shared, output, fail_on)
    return exit_code(report, fail_on, strict=strict)


def exit_code(report: Report, fail_on: FailOn, *, strict: bool) -> ExitCode:
    """What the report comes to for a script.

    A check that crashed is a bug of this tool: without findings that fail, "nothing found" would be a lie.
    """
    if any(finding.severity.word in failing(fail_on) for finding in report.findings):
        return ExitCode.FINDINGS
    if report.crashed:
        return ExitCode.INTERNAL
    if strict and (report.status == "unknown" or report.skipped):
        return ExitCode.UNKNOWN
    return ExitCode.OK


def write(
    report: Report, form: formats.ReportFormat, shared: options.Common, output: str | None, fail_on: FailOn = "error"
) -> None:
    """Print the report or write it to `output`; in a job of GitHub Actions also the job's summary."""
    console.write_result(_drawn(report, form, shared, fail_on, to_file=output is not None), output)
    if form is formats.ReportFormat.GITHUB:
        from cudadoctor.render.report import markdown

        console.step_summary(lambda: markdown.render(report))


def failing(fail_on: FailOn) -> tuple[str, ...]:
    """The severities that make the exit status 1."""
    return SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()


def _drawn(
    report: Report, form: formats.ReportFormat, shared: options.Common, fail_on: FailOn, *, to_file: bool
) -> str:
    if form is formats.ReportFormat.TEXT:
        from cudadoctor.render.report import text

        drawn = text.render(report, console.look(shared.verbosity, shared.color, to_file=to_file))
    elif form is formats.ReportFormat.JSON:
        from cudadoctor.render.report import json

        drawn = json.render(report)
    elif form is formats.ReportFormat.MARKDOWN:
        from cudadoctor.render.report import markdown

        drawn = markdown.render(report)
    elif form is formats.ReportFormat.JUNIT:
        from cudadoctor.render.report import junit

        drawn = junit.render(report, failing=failing(fail_on))
    elif form is formats.ReportFormat.GITHUB:
        from cudadoctor.render.report import github

        drawn = github.render(report)
    elif form is formats.ReportFormat.SARIF:
        from cudadoctor.render.report import sarif

        drawn = sarif.render(report)
    elif form is formats.ReportFormat.HTML:
        from cudadoctor.render.report import html

        drawn = html.render(report)
    elif form is formats.ReportFormat.PROMETHEUS:
        from cudadoctor.render.report import prometheus

        drawn = prometheus.render(report)
    else:
        formats.unreachable(form)
    return drawn
