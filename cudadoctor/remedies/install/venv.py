"""venv with pip, and uv: the environment first, then torch into it."""

from __future__ import annotations

import posixpath
import shlex

from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.recommend.commands import pip as pip_words
from cudadoctor.recommend.commands import uv as uv_words
from cudadoctor.recommend.commands.extras import pip_extras
from cudadoctor.recommend.sources import PIP_19_3
from cudadoctor.remedies.install import names
from cudadoctor.remedies.install.build import Chosen
from cudadoctor.remedies.install.environment import Place, disk_mib, is_done, packages
from cudadoctor.remedies.install.request import Asked
from cudadoctor.remedies.plan import Exists, PlanStep, Prints
from cudadoctor.remedies.step_parts import (
    Part,
    apt_family,
    apt_install,
    apt_update,
    for_administrator,
    may_be_root,
    mine,
)

_TORCH_HOST = "download.pytorch.org"


def venv(asked: Asked, chosen: Chosen, place: Place, facts: Facts) -> Part:
    """The standard library's venv, by the interpreter that the build fits, and pip."""
    assert chosen.interpreter is not None
    base = chosen.interpreter
    part = Part()
    needs: tuple[str, ...] = ()
    system = base.path.startswith(("/usr/bin/", "/bin/"))  # /bin is a link to /usr/bin
    # Where it is known to be there the step is done already, and a script of the plan works elsewhere too.
    if system and apt_family(facts) and (base.ensurepip is False or (base.ensurepip and may_be_root(facts))):
        has = Prints(argv=(base.path, "-I", "-c", "import ensurepip"))
        package = "python3-venv" if posixpath.basename(base.path) == "python3" else f"python{base.version}-venv"
        part.steps.append(apt_update("python-lists", (), has, "so that apt knows the package"))
        why = (
            "without it this Python makes no environments with pip: the distribution keeps that in a package of its own"
        )
        part.steps.append(
            apt_install(
                "python-venv", f"install {package}", (package,), why, done_when=has, disk_mib=20,
                needs=("python-lists",),
            )
        )  # fmt: skip
        part = for_administrator(part, facts, "python-venv", f"ask for {package}")
        needs = ("python-venv",)
    why = f"a separate environment, with {base.path} (Python {base.version})"
    part.steps.append(
        PlanStep(
            id="env-make", title=f"make the environment {place.name}", why=why,
            action=mine((base.path, "-m", "venv", place.prefix), why), needs=needs,
            done_when=Exists(path=f"{place.prefix}/bin/pip", what="executable"), makes=(place.prefix,), disk_mib=30,
            disk_at=posixpath.dirname(place.prefix),
        )
    )  # fmt: skip
    words, hosts = _requirements(asked, chosen)
    newer = _newer_pip(asked, base.version, place, hosts)
    part.steps += newer
    torch_why = "torch and what goes with it in one command, of one build"
    argv = (place.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *words)
    torch = _torch(chosen, place, argv, torch_why, hosts)
    part.steps.append(replace(torch, needs=("pip-upgrade",)) if newer else torch)
    return part


def _newer_pip(asked: Asked, python: str, place: Place, hosts: tuple[str, ...]) -> list[PlanStep]:
    """An old Python brings a pip that takes no current wheels: it would compile Pillow and numpy, and fail."""
    if not pip_words.may_be_too_old(python) or (asked.find_links is not None and asked.index_url is None):
        return []
    why = f"the pip that comes with Python {python} may take no manylinux2014 wheels: it would compile them"
    index = ("--index-url", names.address(asked.index_url, "--index-url")) if asked.index_url else ()
    quiet = ("--no-input", "--disable-pip-version-check")
    argv = (place.python, "-m", "pip", "install", *quiet, "--upgrade", *index, "pip")
    test = "import pip; assert [int(part) for part in pip.__version__.split('.')[:2]] >= [19, 3]"
    return [
        PlanStep(
            id="pip-upgrade", title="upgrade pip", why=why, action=mine(argv, why), needs=("env-make",), network=hosts,
            done_when=Prints(argv=(place.python, "-c", test)), lasting="it goes with the environment", source=PIP_19_3,
        )
    ]  # fmt: skip


def uv(asked: Asked, chosen: Chosen, place: Place) -> Part:
    """An environment of uv's, with a Python that uv may fetch."""
    python = chosen.python or "3"
    why = f"a separate environment with Python {python}, which uv fetches where it is not here"
    make = PlanStep(
        id="env-make", title=f"make the environment {place.name}", why=why,
        action=mine(("uv", "venv", "--python", python, place.prefix), why),
        done_when=Exists(path=place.python, what="executable"), makes=(place.prefix,), disk_mib=100,
        disk_at=posixpath.dirname(place.prefix),
    )  # fmt: skip
    words, hosts = _requirements(asked, chosen)
    argv = ("uv", "pip", "install", "--python", place.python, *words)
    return Part(steps=[make, _torch(chosen, place, argv, "torch and what goes with it in one command", hosts)])


def _torch(chosen: Chosen, place: Place, argv: tuple[str, ...], why: str, hosts: tuple[str, ...]) -> PlanStep:
    assert chosen.best is not None
    tool = chosen.manager
    return PlanStep(
        id="torch-install", title="install torch", why=why, action=mine(argv, why), needs=("env-make",), network=hosts,
        disk_mib=disk_mib(chosen), disk_at=posixpath.dirname(place.prefix), done_when=is_done(place, chosen),
        source=chosen.best.source,
        lasting=f"what was downloaded stays in {tool}'s cache (`{tool} cache {'clean' if tool == 'uv' else 'purge'}` "
        "empties it)",
    )  # fmt: skip


def _requirements(asked: Asked, chosen: Chosen) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What pip is asked for and where it may look; and the hosts of that."""
    best = chosen.best
    assert best is not None
    companions = packages(chosen)
    given = chosen.request.packages.origin == "asked"
    index = names.address(asked.index_url, "--index-url") if asked.index_url else None
    page = names.folder_or_page(asked.find_links) if asked.find_links else None
    if index is not None or page is not None:
        wanted = (*pip_words.requirements(best, companions, asked=given), *pip_extras(best))
        flags = ("--index-url", index) if index is not None else ("--no-index",)
        more = ("--find-links", page) if page is not None else ()
        hosts = (*(names.host_of(index) if index else ()), *(names.host_of(page) if page else ()))
        return (*wanted, *flags, *more), tuple(dict.fromkeys(hosts))
    lines = uv_words if chosen.manager == "uv" else pip_words
    line = lines.lines(best, companions, chosen.python, asked=given).command
    words = tuple(shlex.split(line))
    start = 3 if chosen.manager == "uv" else 4  # `uv pip install`, `python -m pip install`
    return words[start:], (
        _TORCH_HOST,
    ) if best.local or "download.pytorch.org" in line or chosen.manager == "uv" else ()
