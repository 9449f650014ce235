"""conda, mamba, micromamba and pixi: installations, environments and configuration, without starting any of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from cudadoctor.facts.base import Gap
from cudadoctor.facts.envs import CondaFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.quiet import Quiet

if TYPE_CHECKING:
    from cudadoctor.parsers.condarc import Condarc

_NAMED = "*[cfm][oa][nrm][dgb][ea]*"
"""Directories with conda, forge or mamba in their name, in one look."""
_MARK = "conda-meta/history"
_MOST = 10_000
_RC_NAMES = (".condarc", "condarc")


class CondaPlaces(Struct, frozen=True, kw_only=True):
    """Where conda's things are."""

    roots: tuple[str, ...]
    """Prefixes with a conda or mamba of their own."""
    environments: tuple[str, ...]
    """Prefixes of environments, the roots that are environments too among them."""
    condarc: tuple[tuple[str, Condarc], ...]
    """The files that were read, the one that counts most last."""


def places(host: Quiet) -> CondaPlaces:
    """Look at the usual roots, the variables, ~/.conda/environments.txt and the folders that .condarc names."""
    bases = tuple(_bases(host))
    roots = [_up(path, 2) for path in host.globs(*(f"{base}/bin/conda" for base in bases), most=_MOST)]
    found = [_up(path, 2) for base in bases for path in host.glob(f"{base}/{_MARK}", _MOST)]
    for base in bases:
        below = host.glob(f"{base}/envs/*/{_MARK}", _MOST)
        found += [_up(path, 2) for path in below]
        # micromamba's root holds environments and need not be one, nor have a program in it.
        roots += dict.fromkeys(_up(path, 4) for path in below)
    files = tuple(_condarc_files(host, host.env("CONDA_ROOT") or _root_of(host, roots)))
    for folder in _named_folders(host, files):
        found += [_up(path, 2) for path in host.glob(f"{folder}/*/{_MARK}", _MOST)]
    listed = host.read(f"{host.home}/.conda/environments.txt", 1 << 18) if host.home else None
    for line in (listed or "").splitlines()[:_MOST]:
        prefix = line.strip().rstrip("/")
        if prefix.startswith("/"):
            found += [_up(path, 2) for path in host.glob(f"{prefix}/{_MARK}", 1)]
    active = host.env("CONDA_PREFIX")
    if active and host.glob(f"{active.rstrip('/')}/conda-meta", 1):
        found.append(active.rstrip("/"))
    return CondaPlaces(roots=tuple(dict.fromkeys(roots)), environments=tuple(dict.fromkeys(found)), condarc=files)


def _named_folders(host: Quiet, files: tuple[tuple[str, Condarc], ...]) -> list[str]:
    """The folders of environments that .condarc files and variables name, and the one that conda falls back on."""
    named = [folder for _, content in files for folder in content.envs_dirs]
    for variable in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
        named += (host.env(variable) or "").replace(",", ":").split(":")
    if host.home:
        named.append(f"{host.home}/.conda/envs")
    absolute = (host.absolute(part.strip()) for part in named if part.strip())
    return [folder.rstrip("/") for folder in dict.fromkeys(filter(None, absolute))]


def folders(host: Quiet) -> tuple[str, ...]:
    """Every folder in which conda looks for an environment by its name."""
    known = places(host)
    return tuple(dict.fromkeys((*(f"{root}/envs" for root in known.roots), *_named_folders(host, known.condarc))))


def probe(host: Host, request: Request, clock: Clock) -> Found[CondaFacts]:
    """Installations, the program and its version, and what the .condarc files say together."""
    del request, clock
    quiet = Quiet(host)
    known = places(quiet)
    executable = _executable(quiet, known.roots)
    version = _version(quiet, known.roots, executable)
    auto = [content.auto_activate for _, content in known.condarc if content.auto_activate is not None]
    gaps: tuple[Gap, ...] = ()
    if version is None and executable is not None:
        gaps = (Gap(fact="conda.version", reason=f"{executable}: no record of its own package tells the version"),)
    return Found(
        value=CondaFacts(
            roots=known.roots,
            executable=executable,
            version=version,
            channels=_channels(quiet, known),
            auto_activate=auto[-1] if auto else None,
            condarc=tuple(path for path, _ in known.condarc),
        ),
        gaps=gaps,
    )


def _up(path: str, levels: int) -> str:
    for _ in range(levels):
        path = posixpath.dirname(path)
    return path


def _bases(host: Quiet) -> Iterator[str]:
    """Directories (or patterns for them) that may be an installation."""
    executable = host.env("CONDA_EXE")
    if executable and executable.startswith("/"):
        yield _up(executable, 2)
    for variable in ("MAMBA_ROOT_PREFIX", "CONDA_ROOT", "CONDA_PREFIX_1"):
        value = host.env(variable)
        if value and value.startswith("/"):
            yield value.rstrip("/")
    home = host.home
    if home and home != "/":
        yield f"{home}/{_NAMED}"
        yield f"{home}/opt/{_NAMED}"
        yield f"{home}/.local/share/{_NAMED}"
    for folder in ("", "/opt", "/usr/local"):
        yield f"{folder}/{_NAMED}"


def _root_of(host: Quiet, roots: list[str]) -> str | None:
    """The installation that the user's shell would call."""
    executable = host.env("CONDA_EXE")
    return _up(executable, 2) if executable else next(iter(roots), None)


def _condarc_files(host: Quiet, root: str | None) -> Iterator[tuple[str, Condarc]]:
    """In conda's order: a later file counts more (conda's documentation, "Searching for .condarc")."""
    home = host.home
    config = host.env("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    folders = ["/etc/conda", "/var/lib/conda", root, f"{config}/conda" if config else None]
    if home:
        folders += [f"{home}/.conda", home]
    paths = [f"{folder}/{name}" for folder in [*folders, host.env("CONDA_PREFIX")] if folder for name in _RC_NAMES]
    named = host.env("CONDARC") or host.env("MAMBARC")
    if home:
        paths = [path for path in paths if path != f"{home}/condarc"]
        paths.append(f"{home}/.mambarc")
    for path in dict.fromkeys([*paths, *([named] if named else [])]):
        text = host.read(path)
        if text is not None:
            from cudadoctor.parsers import condarc

            yield path, condarc.parse(text)


def _channels(host: Quiet, known: CondaPlaces) -> tuple[str, ...]:
    """By priority: CONDA_CHANNELS alone where it is set, else those of the file that counts most first."""
    variable = host.env("CONDA_CHANNELS")
    named = variable.split(",") if variable else [one for _, file in reversed(known.condarc) for one in file.channels]
    if not named:
        return ()
    from cudadoctor.parsers.conda_meta import short_channel

    short = (short_channel(one) for one in named if one.strip())
    return tuple(dict.fromkeys(one for one in short if one))[:50]


def _executable(host: Quiet, roots: tuple[str, ...]) -> str | None:
    for variable in ("CONDA_EXE", "MAMBA_EXE"):
        path = host.env(variable)
        if path and host.real(path):
            return path
    inside = [path for root in roots for path in (f"{root}/bin/conda", f"{root}/bin/mamba") if host.real(path)]
    found = [*inside, *(path for name in ("conda", "mamba", "micromamba", "pixi") for path in host.which(name))]
    return found[0] if found else None


def _version(host: Quiet, roots: tuple[str, ...], executable: str | None) -> str | None:
    """Of the package `conda` (or mamba, micromamba) in the installation that the program belongs to."""
    own = _up(executable, 2) if executable else None
    for root in dict.fromkeys(filter(None, (own, *roots))):
        for name in ("conda", "mamba", "micromamba"):
            for path in host.glob(f"{root}/conda-meta/{name}-[0-9]*.json", 5):
                # The pattern lets a name such as conda-4-tools through, which has another form.
                version, _, build = path.rpartition("/")[2][len(name) + 1 :].removesuffix(".json").partition("-")
                if build and "-" not in build:
                    return version
    return None
