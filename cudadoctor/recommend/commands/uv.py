"""uv: --torch-backend for the builds that it knows, pip's flags for the others, and the block for a project."""

from __future__ import annotations

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands import Lines, pip, quoted
from cudadoctor.recommend.commands.extras import pip_extras

_BACKEND_FROM = (1, 11)
"""From here on upstream's indexes, which --torch-backend uses, have all files of a release."""


def lines(one: Candidate, packages: tuple[str, ...], python: str | None, *, asked: bool = False) -> Lines:
    """The command that installs into the active environment."""
    elsewhere = pip.audio_elsewhere(one, packages, asked=asked)
    if not supports(one) or elsewhere:
        plain = pip.lines(one, packages, python, asked=asked)
        line = plain.command.replace("python -m pip install", "uv pip install", 1)
        # uv looks no further than the first index that has a package, whatever its versions there.
        line += " --index-strategy unsafe-best-match" if elsewhere else ""
        return Lines(lines=(line,), index_url=plain.index_url, build=one.tag)
    from cudadoctor.compat import indexes

    words = pip.requirements(one, packages, asked=asked)
    extra = [quoted(requirement) for requirement in pip_extras(one)]
    line = " ".join(["uv pip install", *words, *extra, f"--torch-backend={one.tag}"])
    return Lines(lines=(line,), index_url=indexes.index_url(one.tag), build=one.tag)


def supports(one: Candidate) -> bool:
    """Whether --torch-backend has this build."""
    from cudadoctor.compat import indexes

    if one.order < _BACKEND_FROM or one.platform.startswith("macos"):
        return False
    known = {backend.tag for backend in indexes.uv_backends(windows=one.platform == "win-amd64")}
    return one.tag in known or one.tag == "cpu"


def project_block(one: Candidate, packages: tuple[str, ...]) -> str:
    """The lines of pyproject.toml that take torch and its companions from upstream's index."""
    from cudadoctor.compat import indexes

    name = f"pytorch-{one.tag}"
    names = [requirement.partition("==")[0] for requirement in pip.requirements(one, packages)]
    rows = [
        "[[tool.uv.index]]",
        f'name = "{name}"',
        f'url = "{indexes.index_url(one.tag)}"',
        "explicit = true",
        "",
        "[tool.uv.sources]",
        *(f'{package} = {{ index = "{name}" }}' for package in names),
    ]
    return "\n".join(rows)
