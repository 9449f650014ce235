"""The lines for a candidate in the dialect of the request's manager, and the choice that they stand for."""

from __future__ import annotations

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands import Lines
from cudadoctor.recommend.model import CONDA_FAMILY, Choice, Request
from cudadoctor.recommend.rules import without_files


def python_for(one: Candidate, request: Request) -> str | None:
    """The Python of the command: the given one where the build is for it; else, for a new environment, one of its time.

    The last but one of its Pythons: the newest was often new to the packages around it.
    """
    if request.python is not None and (one.pythons is None or request.python.value in one.pythons):
        return request.python.value
    if request.manager.value not in CONDA_FAMILY:
        return None
    plain = [python for python in one.pythons or () if not python.endswith("t")]
    return plain[max(len(plain) - 2, 0)] if plain else None


def lines_for(one: Candidate, request: Request) -> Lines:
    """What to type for this build."""
    from cudadoctor.recommend.commands import conda, pip, pixi, uv

    lacking = {text.split(" ")[0] for text in without_files(one, request)}
    packages = tuple(name for name in request.packages.value if name not in lacking)
    asked = request.packages.origin == "asked"
    python = python_for(one, request)
    manager = request.manager.value
    if manager in CONDA_FAMILY and one.channel == "pip":
        inside = pip.lines(one, packages, python, asked=asked)
        return pixi.with_pip(one, inside, python) if manager == "pixi" else conda.with_pip(one, manager, inside, python)
    if manager == "pip":
        plain = pip.lines(one, packages, python, asked=asked)
        return pip.after_upgrade(plain) if pip.may_be_too_old(python) else plain
    if manager == "uv":
        return uv.lines(one, packages, python, asked=asked)
    if manager == "pixi":
        return pixi.lines(one, packages, python)
    return conda.lines(one, manager, packages, python)


def choice_for(one: Candidate, request: Request, lines: Lines) -> Choice:
    """The build in the words of the contract. Companions are those that the lines name."""
    from cudadoctor.compat import torch

    companions = torch.companions(one.torch)
    vision = companions.torchvision if companions is not None else None
    audio = companions.torchaudio_that_works if companions is not None else None
    text = lines.command
    return Choice(
        torch=one.torch,
        torchvision=vision if "torchvision" in text else None,
        torchaudio=audio if "torchaudio" in text else None,
        cuda=one.cuda.release if one.cuda is not None else None,
        python=python_for(one, request),
        manager=request.manager.value,
        channels=lines.channels,
        index_url=lines.index_url,
        build=lines.build or one.tag,
    )
