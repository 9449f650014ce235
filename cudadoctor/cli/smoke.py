"""`cudadoctor smoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cudadoctor.cli import console, formats, options
from cudadoctor.errors import ExitCode

if TYPE_CHECKING:
    from cudadoctor.api.smoke import Test
    from cudadoctor.report.model import SmokeReport

Level = Literal["import", "quick", "full", "burn"]

LevelOption = Annotated[Level, typer.Option("--level", help="How thoroughly to test.")]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device", metavar="auto|cuda|cuda:N|cpu", help="What to test on. auto: every GPU; none is a failure."
    ),
]
EnvOption = Annotated[str | None, typer.Option("--env", metavar="NAME|PATH", help="The environment to test in.")]
ExpectOption = Annotated[
    int | None, typer.Option("--expect-gpus", metavar="N", help="Fail if fewer GPUs than this can be tested.")
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="NAMES", help="Run only these tests, comma-separated.")
]
ListOption = Annotated[bool, typer.Option("--list", help="List the level's tests without running them.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", help="Time limit for the whole run, in seconds. Default: by level.", min=1.0
    ),
]
SecondsOption = Annotated[
    float,
    typer.Option("--burn-seconds", metavar="SECONDS", help="Seconds of load on each GPU, for --level burn.", min=1.0),
]
FormatOption = Annotated[str | None, formats.option(formats.SmokeFormat)]


def smoke(
    context: typer.Context,
    level: LevelOption = "quick",
    device: DeviceOption = "auto",
    env: EnvOption = None,
    expect_gpus: ExpectOption = None,
    only: OnlyOption = None,
    burn_seconds: SecondsOption = 60.0,
    timeout: TimeoutOption = None,
    list_tests: ListOption = False,
    format_name: FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Prove that torch computes on the GPU, from the driver to a training step.

    Every test runs in a process that may crash or hang. Exit 1: a test failed, or there was nothing to test.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    form = formats.chosen(formats.SmokeFormat, format_name, json=json)
    from cudadoctor.api import examine as api
    from cudadoctor.api import smoke as api_smoke

    names = options.words(only)
    if list_tests:
        console.write_result(_listed(api_smoke.listed(level, names), form), output)
        return ExitCode.OK
    request = api_smoke.SmokeRequest(
        level=level, device=device, env=env, only=names, expect_gpus=expect_gpus, timeout=timeout, seconds=burn_seconds
    )
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        report = api_smoke.run_smoke(api.local_host(), request, progress=progress.label)
    console.write_result(_drawn(report, form, shared, to_file=output is not None), output)
    if form is formats.SmokeFormat.GITHUB:
        from cudadoctor.render.smoke import markdown

        console.step_summary(lambda: markdown.render(report))
    if report.smoke.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.OK if report.status == "passed" else ExitCode.FINDINGS


def _listed(rows: tuple[Test, ...], form: formats.SmokeFormat) -> str:
    if form is formats.SmokeFormat.JSON:
        from cudadoctor.render.contract import dumps

        return dumps(
            [{"name": one.name, "level": one.level, "layer": one.layer, "summary": one.summary} for one in rows]
        )
    return "".join(f"{one.level:<7} {one.name:<24} {one.layer:<18} {one.summary}\n" for one in rows)


def _drawn(report: SmokeReport, form: formats.SmokeFormat, shared: options.Common, *, to_file: bool) -> str:
    if form is formats.SmokeFormat.TEXT:
        from cudadoctor.render.smoke import text

        drawn = text.render(
            report,
            width=console.terminal_width(to_file=to_file),
            color=console.wants_color(shared.color, to_file=to_file),
            unicode=console.prints_unicode(to_file=to_file),
            verbosity=shared.verbosity,
        )
    elif form is formats.SmokeFormat.JSON:
        from cudadoctor.render.smoke import json

        drawn = json.render(report)
    elif form is formats.SmokeFormat.MARKDOWN:
        from cudadoctor.render.smoke import markdown

        drawn = markdown.render(report)
    elif form is formats.SmokeFormat.JUNIT:
        from cudadoctor.render.smoke import junit

        drawn = junit.render(report)
    elif form is formats.SmokeFormat.GITHUB:
        from cudadoctor.render.smoke import github

        drawn = github.render(report)
    elif form is formats.SmokeFormat.SARIF:
        from cudadoctor.render.smoke import sarif

        drawn = sarif.render(report)
    elif form is formats.SmokeFormat.HTML:
        from cudadoctor.render.smoke import html

        drawn = html.render(report)
    elif form is formats.SmokeFormat.PROMETHEUS:
        from cudadoctor.render.smoke import prometheus

        drawn = prometheus.render(report)
    else:
        formats.unreachable(form)
    return drawn
