"""`cudadoctor recommend`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, formats, options
from cudadoctor.errors import CudaDoctorError, ExitCode

TorchOption = Annotated[
    str | None, typer.Option("--torch", metavar="VERSION", help="torch version: 1.4.0, 2.5 or latest.")
]
CudaOption = Annotated[
    str | None, typer.Option("--cuda", metavar="VERSION|cpu", help="CUDA version: 10.1, 12.6 or cpu.")
]
PythonOption = Annotated[str | None, typer.Option("--python", metavar="VERSION", help="Python version: 3.12.")]
ManagerOption = Annotated[
    str | None,
    typer.Option("--manager", metavar="NAME", help="Package manager: conda, mamba, micromamba, pixi, pip or uv."),
]
PlatformOption = Annotated[
    str | None,
    typer.Option(
        "--platform",
        metavar="NAME",
        help="Platform: linux-x86_64, linux-aarch64, win-amd64, macos-arm64 or macos-x86_64.",
    ),
]
DriverOption = Annotated[str | None, typer.Option("--driver", metavar="VERSION", help="Driver version: 535.54.03.")]
GpuOption = Annotated[list[str] | None, typer.Option("--gpu", metavar="NAME", help='"GTX 1080 Ti". Repeatable.')]
ArchOption = Annotated[
    list[str] | None, typer.Option("--arch", metavar="X.Y", help="Compute capability of a GPU: 8.6. Repeatable.")
]
GlibcOption = Annotated[str | None, typer.Option("--glibc", metavar="VERSION", help="glibc version: 2.27.")]
WithOption = Annotated[
    str | None,
    typer.Option(
        "--with", metavar="NAMES", help="Companions: torchvision,torchaudio, or none. Default: both where they exist."
    ),
]
StyleOption = Annotated[
    str | None,
    typer.Option(
        "--style",
        metavar="working|published",
        help="working: what works today, builds pinned. published: exactly as upstream printed it.",
    ),
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="SNAPSHOT", help="Detect what is not given on a recorded machine.")
]
DetectOption = Annotated[bool, typer.Option("--detect/--no-detect", help="Detect what is not given on this machine.")]
FormatOption = Annotated[str | None, formats.option(formats.PlainFormat)]


def recommend(
    context: typer.Context,
    torch: TorchOption = None,
    cuda: CudaOption = None,
    python: PythonOption = None,
    manager: ManagerOption = None,
    platform: PlatformOption = None,
    driver: DriverOption = None,
    gpu: GpuOption = None,
    arch: ArchOption = None,
    glibc: GlibcOption = None,
    with_packages: WithOption = None,
    style: StyleOption = None,
    snapshot: FromOption = None,
    detect: DetectOption = True,
    timeout: options.Timeout = 60.0,
    format_name: FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Print the command that installs the right torch, and why it is the right one.

    What is not given is detected on this machine. Nothing is installed, and nothing is sent over a network.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    form = formats.chosen(formats.PlainFormat, format_name, json=json)
    if snapshot is not None and not detect:
        raise CudaDoctorError("--from and --no-detect exclude each other")
    from cudadoctor.api import examine as api
    from cudadoctor.render.recommendation import json as recommendation_json
    from cudadoctor.render.recommendation import text as recommendation_text

    words = api.words(
        torch=torch, cuda=cuda, python=python, manager=manager, platform=platform, driver=driver,
        gpus=tuple(gpu or ()), archs=tuple(arch or ()), glibc=glibc, packages=with_packages, style=style,
    )  # fmt: skip
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        host = api.recorded_host(snapshot) if snapshot is not None else api.local_host() if detect else None
        found = api.recommend(words, host, timeout=timeout, progress=progress.label)
    if form is formats.PlainFormat.JSON:
        text = recommendation_json.render(found)
    else:
        to_file = output is not None
        text = recommendation_text.render(
            found,
            width=console.terminal_width(to_file=to_file),
            color=console.wants_color(shared.color, to_file=to_file),
            verbosity=shared.verbosity,
        )
    console.write_result(text, output)
    return ExitCode.OK if found.verdict in ("ok", "outdated") else ExitCode.FINDINGS
