"""pixi: a separate workspace, which has to be told that the machine has CUDA."""

from __future__ import annotations

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands import Lines, quoted
from cudadoctor.recommend.commands.conda import (
    build_pattern,
    channels,
    environment_name,
    python_spec,
    specs,
    words_of_channels,
)


def lines(one: Candidate, packages: tuple[str, ...], python: str | None) -> Lines:
    """Make the workspace, name the CUDA that the machine supports, add the builds."""
    name = environment_name(one)
    found = channels(one, packages)
    where = words_of_channels(found, "pixi")
    wanted = " ".join(quoted(spec) for spec in specs(one, packages, python))
    needs = (f"pixi workspace system-requirements add cuda {one.cuda.major}",) if one.cuda is not None else ()
    steps = (f"pixi init {name} {where}", f"cd {name}", *needs, f"pixi add {wanted}")
    return Lines(
        lines=steps,
        main=len(steps) - 1,
        channels=found,
        build=build_pattern(one) if one.channel == "conda" else None,
    )


def with_pip(one: Candidate, inside: Lines, python: str | None) -> Lines:
    """A workspace with Python and pip from conda-forge, and torch from PyTorch's wheels in it."""
    name = environment_name(one)
    installs = tuple(f"pixi run {line}" for line in inside.lines)
    return Lines(
        lines=(f"pixi init {name} -c conda-forge", f"cd {name}", f"pixi add {python_spec(python)} pip", *installs),
        main=3 + inside.main,
        channels=("conda-forge",),
        index_url=inside.index_url,
        build=inside.build,
    )
