"""Alternatives: the same build with another manager, and the smallest change that allows a newer one, or any."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.dialect import lines_for
from cudadoctor.recommend.model import CONDA_FAMILY, Alternative, Manager, Request, Value
from cudadoctor.recommend.resolve import Resolved, resolve, without
from cudadoctor.recommend.rules import named, python_binds, span
from cudadoctor.recommend.unknown import nearest_cudas

_OTHERS: dict[str, tuple[Manager, ...]] = {"pip": ("uv", "conda"), "uv": ("pip", "conda")}
_PAIRS = (("torch", "cuda"), ("driver", "python"), ("torch", "python"), ("python", "cuda"), ("driver", "cuda"))
_TRIPLES = (("torch", "cuda", "python"), ("driver", "torch", "cuda"), ("driver", "cuda", "python"))


def other_managers(request: Request) -> Iterator[Alternative]:
    """The same request with the other managers."""
    for manager in _OTHERS.get(request.manager.value, ("pip", "uv")):
        other = replace(request, manager=Value(value=manager, origin="default"))
        best = resolve(other).best
        if best is None:
            continue
        lines = lines_for(best, other)
        what = f"With {manager}: {named(best)}" + (" from conda-forge" if best.channel == "conda-forge" else "")
        yield Alternative(command=lines.whole, text=what)


def other_channels(one: Candidate, request: Request, resolved: Resolved) -> Iterator[Alternative]:
    """For conda, newer builds that the choice passed over: those that need `defaults`, and pip's."""
    if request.family != "conda" or one.channel == "pip" or one.cuda is None:
        return
    free = request if python_binds(request) else without(request, "python")
    by_pip = resolve(free, only=("pip",)).best
    if by_pip is not None and by_pip.order > one.order and one.channel == "conda":
        text = f"From PyTorch's wheels, by pip in a conda environment: {named(by_pip)}"
        yield Alternative(command=lines_for(by_pip, free).whole, text=text)
    behind = next((two for two, why in resolved.objections if why.rule == "channel" and two.order > one.order), None)
    if behind is not None:
        terms = "whose terms ask larger organisations for a paid licence"
        text = f"With Anaconda's channel `defaults`, {terms}: {named(behind)}"
        yield Alternative(command=lines_for(behind, free).whole, text=text)


def newer_python(one: Candidate, request: Request) -> tuple[str, Candidate] | None:
    """The release that another Python alone would allow, with that Python; None where the Python is no limit."""
    if request.torch is not None or request.cuda is not None or not python_binds(request) or request.python is None:
        return None
    best = resolve(without(request, "python")).best
    if best is None or best.order[:2] <= one.order[:2] or not best.pythons:
        return None
    plain = [python for python in best.pythons if not python.endswith("t")]
    return (plain[max(len(plain) - 2, 0)], best) if plain else None


def uv_project(one: Candidate, request: Request) -> Iterator[Alternative]:
    """The lines for a project's pyproject.toml."""
    from cudadoctor.recommend.commands import pip, uv

    if request.manager.value != "uv" or not uv.supports(one):
        return
    names = " ".join(pip.requirements(one, request.packages.value))
    block = uv.project_block(one, request.packages.value)
    yield Alternative(command=f"uv add {names}", text=f"In a uv project, with this in pyproject.toml:\n{block}")


def improvements(one: Candidate, request: Request) -> Iterator[Alternative]:
    """What a newer driver, another Python or a newer glibc alone would allow beyond the choice."""
    if request.torch is not None or request.cuda is not None:
        return
    for name in ("driver", "python", "glibc"):
        if getattr(request, name) is None or (name == "python" and not python_binds(request)):
            continue
        relaxed = without(request, name)
        best = resolve(relaxed).best
        if best is not None and best.order[:2] > one.order[:2]:
            yield _change((name,), best, request, relaxed)


def least_changes(request: Request) -> Iterator[Alternative]:
    """For a request that nothing fits: the changes, one value at a time, then two, that leave something."""
    given = [name for name in ("driver", "cuda", "torch", "python", "glibc") if _binds(request, name)]
    found = False
    for groups in ([(name,) for name in given], _PAIRS, _TRIPLES):
        for names in groups:
            if not set(names) <= set(given):
                continue
            relaxed = without(request, *names)
            best = resolve(relaxed).best
            if best is not None and names == ("cuda",):
                yield from _near_cudas(request, best)
            if best is not None:
                found = True
                yield _change(names, best, request, relaxed)
        if found:
            break
    others: tuple[Manager, ...] = ("pip",) if request.manager.value in CONDA_FAMILY else ("conda",)
    for manager in others:
        other = replace(request, manager=Value(value=manager, origin="default"))
        best = resolve(other).best
        if best is not None:
            where = " from conda-forge" if best.channel == "conda-forge" else ""
            command = lines_for(best, other).whole
            yield Alternative(command=command, text=f"With {manager}: {named(best)}{where}")


def if_it_is(request: Request) -> Iterator[Alternative]:
    """Where GPUs of one name differ: what would fit each kind."""
    if request.gpus is None or len(request.gpus.value) != 1 or len(request.gpus.value[0].capabilities) < 2:
        return
    gpu = request.gpus.value[0]
    for capability in reversed(gpu.capabilities):
        known = replace(gpu, capabilities=(capability,))
        one = replace(request, gpus=replace(request.gpus, value=(known,)))
        best = resolve(one).best
        if best is not None:
            text = f"If this {gpu.name} has compute capability {capability} (pass --arch {capability}): {named(best)}"
            yield Alternative(command=lines_for(best, one).whole, text=text)


def _near_cudas(request: Request, free: Candidate) -> Iterator[Alternative]:
    """The CUDA versions on both sides of the one that was asked for; `free` is told in any case."""
    asked = request.cuda.value if request.cuda is not None else None
    for cuda in nearest_cudas(asked) if asked is not None else ():
        if cuda == asked or (free.cuda is not None and free.cuda.cuda == cuda):
            continue
        other = replace(request, cuda=Value(value=cuda, origin="default"))
        best = resolve(other).best
        if best is not None:
            yield _change(("cuda",), best, request, other)


def _binds(request: Request, name: str) -> bool:
    if getattr(request, name) is None:
        return False
    return python_binds(request) if name == "python" else True


def _change(names: tuple[str, ...], best: Candidate, request: Request, relaxed: Request) -> Alternative:
    words = {
        "driver": needed_driver(best, request),
        "cuda": f"with CUDA {best.cuda.release}" if best.cuda is not None else "without CUDA",
        "torch": f"with torch {best.torch}",
        "python": f"with Python {span(best.pythons)}" if best.pythons else "with another Python",
        "glibc": "in a container with a newer glibc (ubuntu:24.04, with the NVIDIA Container Toolkit on this host)",
    }
    said = " and ".join(words[name] for name in names)
    return Alternative(command=lines_for(best, relaxed).whole, text=f"{said[0].upper()}{said[1:]}: {named(best)}")


def needed_driver(best: Candidate, request: Request) -> str:
    """The oldest driver that runs the build and knows every GPU, as words."""
    from cudadoctor.compat import drivers

    floor = drivers.floor(best.cuda, windows=request.windows_driver) if best.cuda is not None else None
    first = floor.version if floor is not None else None
    for gpu in request.gpus.value if request.gpus is not None else ():
        for capability in gpu.capabilities:
            known = drivers.first_driver_for(capability)
            if known is not None and first is not None and not request.windows_driver:
                first = max(first, known)
    return f"with driver {first} or newer" if first is not None else "with another driver"
