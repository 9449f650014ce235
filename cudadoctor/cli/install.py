"""`cudadoctor install`."""

from __future__ import annotations

from typing import Annotated

import typer

from cudadoctor.cli import console, options, plan, recommend
from cudadoctor.errors import CudaDoctorError

EnvOption = Annotated[
    str | None, typer.Option("--env", metavar="NAME|PATH", help="The environment to create. Default: a new name.")
]
ToolkitOption = Annotated[
    bool | None,
    typer.Option("--toolkit/--no-toolkit", help="Install nvcc and its libraries. Default: no; torch brings its own."),
]
DriverOption = Annotated[
    bool | None,
    typer.Option("--driver/--no-driver", help="Install NVIDIA's driver. Default: if it is missing or too old."),
]
CondaOption = Annotated[
    str | None,
    typer.Option(
        "--conda",
        metavar="NAME[=VERSION]",
        help="miniforge, miniconda or anaconda (anaconda=2019.10). Default: miniforge, if there is no conda.",
    ),
]
PublishedOption = Annotated[
    bool, typer.Option("--as-published", help="Use the commands exactly as NVIDIA and PyTorch published them.")
]
RepositoryOption = Annotated[
    str | None,
    typer.Option("--local-repo", metavar="FILE", help="A cuda-repo-….deb that you downloaded, for the toolkit."),
]
InstallerOption = Annotated[
    str | None, typer.Option("--conda-installer", metavar="FILE", help="A conda installer that you downloaded.")
]
ChannelOption = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="NAME|URL|DIR", help="Use this conda channel instead. Repeatable."),
]
IndexOption = Annotated[
    str | None, typer.Option("--index-url", metavar="URL", help="Use this package index instead, for pip and uv.")
]
LinksOption = Annotated[
    str | None, typer.Option("--find-links", metavar="DIR|URL", help="Also look for wheels in this folder or page.")
]
LinesOption = Annotated[
    bool | None,
    typer.Option(
        "--shell-lines/--no-shell-lines", help="Put the toolkit on PATH in the rc file. Default: if it is not there."
    ),
]
SmokeOption = Annotated[bool, typer.Option("--smoke/--no-smoke", help="Finish with a smoke test.")]


def install(
    context: typer.Context,
    torch: recommend.TorchOption = None,
    cuda: recommend.CudaOption = None,
    python: recommend.PythonOption = None,
    manager: recommend.ManagerOption = None,
    env: EnvOption = None,
    toolkit: ToolkitOption = None,
    driver: DriverOption = None,
    gpu: recommend.GpuOption = None,
    arch: recommend.ArchOption = None,
    with_packages: recommend.WithOption = None,
    style: recommend.StyleOption = None,
    conda: CondaOption = None,
    as_published: PublishedOption = False,
    local_repo: RepositoryOption = None,
    conda_installer: InstallerOption = None,
    channel: ChannelOption = None,
    index_url: IndexOption = None,
    find_links: LinksOption = None,
    shell_lines: LinesOption = None,
    smoke: SmokeOption = True,
    snapshot: plan.FromOption = None,
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
    """Plan what leads from this machine's state to a torch that computes on its GPU; with --apply, do it.

    Without --apply nothing is changed and nothing is sent over a network. What is there already is left alone.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    if resume:
        given = options.given(context, but=("apply", "yes", "resume", "json", "output", "color", "quiet", "verbose"))
        return plan.resume(given=given, json=json, output=output, shared=shared)
    far = None if snapshot is None else "--from"
    how = plan.mode(emit=emit, json=json, apply=apply, yes=yes, output=output, shared=shared, far=far)
    if snapshot is not None and (local_repo or conda_installer):
        name = "--local-repo" if local_repo else "--conda-installer"
        raise CudaDoctorError(f"{name} names a file of this machine, and --from another one: leave one out")
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan

    words = api.words(
        torch=torch, cuda=cuda, python=python, manager=manager, gpus=tuple(gpu or ()), archs=tuple(arch or ()),
        packages=with_packages, style=style,
    )  # fmt: skip
    asked = api_plan.asked(
        words, env=env, toolkit=toolkit, driver=driver, conda=conda, as_published=as_published, local_repo=local_repo,
        conda_installer=conda_installer, channels=tuple(channel or ()), index_url=index_url, find_links=find_links,
        shell_lines=shell_lines, smoke=smoke,
    )  # fmt: skip
    with console.Progress(quiet=shared.verbosity < 0) as progress:
        host = api.recorded_host(snapshot) if snapshot is not None else api.local_host()
        made = api_plan.plan_install(host, asked, timeout=timeout, progress=progress.label)
    return plan.finish(made, how, here=snapshot is None)
