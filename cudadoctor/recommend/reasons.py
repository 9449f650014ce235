"""Why this build: one reason for each rule that decided, each with its source."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.machine import not_in_tables
from cudadoctor.recommend.model import Reason, Request
from cudadoctor.recommend.rules import named, python_binds, runs_how, shown_archs, span, wants_cpu
from cudadoctor.recommend.traps import traps
from cudadoctor.versions import ComputeCapability

_GLIBC_THAT_MATTERS = (2, 17)
"""Older tags are on files that need more than they say; every system of today has that."""


def reasons(
    one: Candidate, request: Request, python: str | None, published: tuple[Reason, ...] = ()
) -> tuple[Reason, ...]:
    """Everything to say about the choice, what decided first."""
    return (
        *_build(one, request),
        *_gpus(one, request),
        *_driver(one, request),
        *_python(one, request, python),
        *_glibc(one, request),
        *not_in_tables(request),
        *published,
        *traps(one, request),
    )


def _build(one: Candidate, request: Request) -> Iterator[Reason]:
    if one.cuda is None and wants_cpu(request):
        if one.platform.startswith("macos"):
            text = "there is no CUDA on macOS; this build computes on the CPU" + (
                " and on Apple's GPU (MPS)" if one.platform == "macos-arm64" else ""
            )
            yield Reason(rule="platform", text=text, source=one.source)
        elif request.cuda is None:
            text = (
                "there is no NVIDIA GPU in this machine, so this is the CPU build; for another machine give its GPU "
                "and driver (--gpu, --driver)"
            )
            yield Reason(rule="gpu", text=text)
        else:
            yield Reason(rule="cuda", text="the CPU build was asked for", source=one.source)
        return
    what = "asked for" if request.torch is not None and request.torch.value != "latest" else "the newest that fits"
    where = {"pip": "upstream's wheels", "conda": "the conda channel `pytorch`", "conda-forge": "conda-forge"}[
        one.channel
    ]
    yield Reason(rule="torch", text=f"{named(one)}, from {where}: {what}", source=one.source)


def _gpus(one: Candidate, request: Request) -> Iterator[Reason]:
    if one.cuda is None:
        return
    if not (request.gpus and request.gpus.value) and one.arch_list:
        text = f"it is built for compute capability {shown_archs(one)}" + _nothing_newer(one)
        yield Reason(rule="gpu", text=text, source=one.arch_source)
        return
    for gpu in request.gpus.value if request.gpus is not None else ():
        for capability in gpu.capabilities:
            yield _gpu(one, request, capability, gpu.name, ambiguous=len(gpu.capabilities) > 1)


def _nothing_newer(one: Candidate) -> str:
    """The newest generation that the CUDA of the build knows, where there are newer ones."""
    from cudadoctor.compat import gpus, toolkits

    known = toolkits.capabilities(one.cuda) if one.cuda is not None else None
    if not known or max(known) >= max(toolkits.known_anywhere()):
        return ""
    newest = max(known)
    return (
        f"; CUDA {one.cuda.release if one.cuda else ''} knows nothing newer than {gpus.architecture(newest)} ({newest})"
    )


def _gpu(
    one: Candidate, request: Request, capability: ComputeCapability, name: str | None, *, ambiguous: bool
) -> Reason:
    shown = f"{name} ({capability.sm})" if name else capability.sm
    if ambiguous:
        shown += ", one of the capabilities that GPUs of this name have,"
    how = runs_how(one, capability, request)
    by = "by its PTX, compiled at the first start (minutes)" if how == "ptx-jit" else "natively"
    return Reason(rule="gpu", text=f"{shown} runs it {by}: built for {shown_archs(one)}", source=one.arch_source)


def _driver(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import drivers

    if one.cuda is None:
        return
    floor = drivers.floor(one.cuda, windows=request.windows_driver)
    if floor is None:
        return
    if request.driver is None:
        yield Reason(
            rule="driver", text=f"CUDA {one.cuda.release} needs driver {floor.version} or newer", source=floor.source
        )
        return
    have = request.driver.value
    yield Reason(
        rule="driver",
        text=f"driver {have} is new enough: CUDA {one.cuda.release} needs {floor.version}",
        source=floor.source,
    )
    serves = drivers.cuda_of_driver(have) if not request.windows_driver else None
    if serves is None:
        return
    if serves.cuda < one.cuda.cuda:
        text = (
            f"driver {have} is of the days of CUDA {serves.release}: CUDA {one.cuda.release} runs on it by "
            "minor-version compatibility; only PTX made by the newer CUDA does not"
        )
        yield Reason(rule="driver", text=text, source=floor.source)
    elif serves.major > one.cuda.major:
        text = (
            f"nvidia-smi's `CUDA Version: {serves.release}` is the newest that the driver serves, not the build to "
            "take: older builds run on it, and the driver can stay"
        )
        yield Reason(rule="driver", text=text, source=floor.source)


def _python(one: Candidate, request: Request, python: str | None) -> Iterator[Reason]:
    from cudadoctor.compat import torch

    if one.pythons is None:
        return
    source = torch.release_source()
    if request.python is not None and python == request.python.value:
        yield Reason(rule="python", text=f"Python {python} is one of {span(one.pythons)}", source=source)
    elif request.python is not None and not python_binds(request):
        there = f"not {request.python.value}: the new environment has {python}"
        text = f"this release is for Python {span(one.pythons)}, {there}"
        yield Reason(rule="python", text=text, source=source)
    else:
        yield Reason(rule="python", text=f"this release is for Python {span(one.pythons)}", source=source)


def _glibc(one: Candidate, request: Request) -> Iterator[Reason]:
    if request.glibc is None or one.glibc is None or one.glibc < _GLIBC_THAT_MATTERS:
        return
    need, have = (".".join(map(str, pair)) for pair in (one.glibc, request.glibc.value))
    yield Reason(rule="glibc", text=f"glibc {have} is new enough: the files need {need}", source=one.source)
