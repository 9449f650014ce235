"""Why this build: one reason for each rule that decided, each with its source; what matters most comes first."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.machine import not_in_tables
from cudadoctor.recommend.model import Reason, Request
from cudadoctor.recommend.rules import named, python_binds, runs_how, shown_archs, span, wants_cpu
from cudadoctor.recommend.traps import of_defaults, traps

_GLIBC_THAT_MATTERS = (2, 17)
"""Older tags are on files that need more than they say; every system of today has that."""
_FROM = {"pip": "PyTorch's wheels", "conda": "the conda channel `pytorch`", "conda-forge": "conda-forge"}


def reasons(
    one: Candidate,
    request: Request,
    python: str | None,
    *,
    limits: tuple[Reason, ...] = (),
    published: tuple[Reason, ...] = (),
) -> tuple[Reason, ...]:
    """Everything to say about the choice. `limits`: what kept it from being a newer one."""
    found = (
        *_build(one, request),
        *limits,
        *of_defaults(one, request),
        *published,
        *_gpus(one, request),
        *_driver_and_unchecked(one, request),
        *_python(one, request, python),
        *_glibc(one, request),
        *traps(one, request),
    )
    return (*(each for each in found if not each.detail), *(each for each in found if each.detail))


def _build(one: Candidate, request: Request) -> Iterator[Reason]:
    if one.cuda is None and wants_cpu(request):
        if one.platform.startswith("macos"):
            also = " and on Apple's GPU (MPS)" if one.platform == "macos-arm64" else ""
            text = f"macOS has no CUDA; {named(one)} runs on the CPU{also}"
            yield Reason(rule="platform", text=text, source=one.source)
        elif request.cuda is None:
            text = (
                f"this machine has no NVIDIA GPU, so this is {named(one)}; for another machine, pass its GPU and "
                "driver (--gpu, --driver)"
            )
            yield Reason(rule="gpu", text=text)
        else:
            yield Reason(rule="cuda", text=f"{named(one)}, as requested", source=one.source)
        return
    what = "as requested" if request.torch is not None and request.torch.value != "latest" else "the newest that fits"
    yield Reason(rule="torch", text=f"{named(one)} from {_FROM[one.channel]}, {what}", source=one.source)


def _gpus(one: Candidate, request: Request) -> Iterator[Reason]:
    """The GPUs that the build supports: all of them in one sentence, those that start slowly in another."""
    if one.cuda is None:
        return
    if not (request.gpus and request.gpus.value):
        if one.arch_list:
            text = f"it supports compute capability {shown_archs(one)}{_nothing_newer(one)}"
            yield Reason(rule="gpu", text=text, source=one.arch_source)
        return
    by: dict[str | None, list[str]] = {}
    for gpu in request.gpus.value:
        for capability in gpu.capabilities:
            shown = f"{gpu.name} ({capability.sm})" if gpu.name else capability.sm
            names = by.setdefault(runs_how(one, capability, request), [])
            if shown not in names:
                names.append(shown)
    if "binary" in by:
        text = f"it supports {_and(by['binary'])}: built for compute capability {shown_archs(one)}"
        yield Reason(rule="gpu", text=text, source=one.arch_source)
    if "ptx-jit" in by:
        text = f"it supports {_and(by['ptx-jit'])} through PTX, which the driver compiles at the first start (minutes)"
        yield Reason(rule="gpu", text=text, source=one.arch_source)
    if any(len(gpu.capabilities) > 1 for gpu in request.gpus.value):
        several = [str(gpu) for gpu in request.gpus.value if len(gpu.capabilities) > 1]
        text = f"GPUs of one name differ ({_and(several)}); the build supports each of them"
        yield Reason(rule="gpu", text=text, detail=True)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _nothing_newer(one: Candidate) -> str:
    """The newest generation that the CUDA of the build knows, where there are newer ones."""
    from cudadoctor.compat import gpus, toolkits

    known = toolkits.capabilities(one.cuda) if one.cuda is not None else None
    if not known or one.cuda is None or max(known) >= max(toolkits.known_anywhere()):
        return ""
    newest = max(known)
    return f"; CUDA {one.cuda.release} supports nothing newer than {gpus.architecture(newest)} ({newest})"


def _driver_and_unchecked(one: Candidate, request: Request) -> Iterator[Reason]:
    """The driver's bound; in the same sentence that no driver was checked against it."""
    about = list(_driver(one, request))
    unchecked = list(not_in_tables(request))
    missing = request.driver is None and request.cuda_driver is None and request.jetson is None
    if missing and about and unchecked:
        said = unchecked.pop()
        about[0] = Reason(rule="driver", text=f"{about[0].text}; {said.text}", source=about[0].source)
    yield from (*about, *unchecked)


def _driver(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import drivers, jetson

    if one.cuda is None:
        return
    board = jetson.torch_for(request.jetson) if request.jetson is not None else None
    if board is not None:
        text = f"{request.jetson} needs JetPack {board.jetpack} or newer for it; PyTorch's aarch64 wheels support it"
        yield Reason(rule="driver", text=text, source=board.source)
        return
    floor = drivers.floor(one.cuda, windows=request.windows_driver)
    if floor is None:
        return
    if request.driver is None:
        text = f"CUDA {one.cuda.release} needs driver {floor.version} or newer"
        yield Reason(rule="driver", text=text, source=floor.source)
        return
    have = request.driver.value
    text = f"driver {have} is new enough: CUDA {one.cuda.release} needs {floor.version}"
    yield Reason(rule="driver", text=text, source=floor.source)
    supported = drivers.cuda_of_driver(have) if not request.windows_driver else None
    if supported is None:
        return
    if supported.cuda < one.cuda.cuda:
        text = (
            f"driver {have} dates from CUDA {supported.release}; it runs CUDA {one.cuda.release} through minor-version "
            "compatibility, but cannot compile PTX made by the newer CUDA"
        )
        yield Reason(rule="driver", text=text, source=floor.source, detail=True)
    elif supported.major > one.cuda.major:
        text = (
            f"nvidia-smi's `CUDA Version: {supported.release}` is the newest CUDA the driver supports, not the build "
            "to install: it runs older builds too"
        )
        yield Reason(rule="driver", text=text, source=floor.source, detail=True)


def _python(one: Candidate, request: Request, python: str | None) -> Iterator[Reason]:
    from cudadoctor.compat import torch

    if one.pythons is None:
        return
    source = torch.release_source()
    if request.python is not None and python == request.python.value:
        text = f"Python {python} is supported ({span(one.pythons)})"
        yield Reason(rule="python", text=text, source=source, detail=True)
    elif request.python is not None and not python_binds(request):
        text = (
            f"torch {one.torch} supports Python {span(one.pythons)}, not {request.python.value}, so the new "
            f"environment gets {python}"
        )
        yield Reason(rule="python", text=text, source=source)
    else:
        text = f"torch {one.torch} supports Python {span(one.pythons)}"
        yield Reason(rule="python", text=text, source=source)


def _glibc(one: Candidate, request: Request) -> Iterator[Reason]:
    if request.glibc is None or one.glibc is None or one.glibc < _GLIBC_THAT_MATTERS:
        return
    need, have = (".".join(map(str, pair)) for pair in (one.glibc, request.glibc.value))
    text = f"glibc {have} is new enough: the build needs {need}"
    yield Reason(rule="glibc", text=text, source=one.source, detail=True)
