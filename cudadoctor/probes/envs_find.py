"""Which Python environments there are, and which of them is the active one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Gap
from cudadoctor.parsers import pyvenv
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Request
from cudadoctor.probes.conda import folders, places
from cudadoctor.probes.pythons import first_pythons
from cudadoctor.probes.quiet import Quiet

Kind = Literal["conda", "venv", "system", "pyenv", "uv", "pipx", "pixi"]
MOST = 100
"""Environments that are looked at."""
_FOUND = 10_000
"""Environments of one place that are counted."""
_TORCH = "lib/python3*/site-packages/torch/version.py"


class Candidate(Struct, frozen=True, kw_only=True):
    """An environment by its place."""

    kind: Kind
    prefix: str
    name: str
    python: str | None = None
    """The interpreter, where it is not the one in `bin`."""
    active: bool = False
    because: str | None = None
    """`--env`, VIRTUAL_ENV, CONDA_PREFIX or PATH; with `--env` also on those that are named and not active."""


class Located(Struct, frozen=True, kw_only=True):
    """All environments, the active one first."""

    candidates: tuple[Candidate, ...]
    gaps: tuple[Gap, ...] = ()


def find(host: Quiet, request: Request) -> Located:
    """Every environment that can be found. Raises CudaDoctorError where `--env` names one that is not there."""
    found = _Collection(host)
    on_path = tuple(_from_path(host))
    found.add(*on_path, *_conda(host), *_virtual(host), *_managed(host))
    system = host.real("/usr/bin/python3")
    if system is not None and posixpath.dirname(system) == "/usr/bin":
        found.add(Candidate(kind="system", prefix="/usr", name="system", python="/usr/bin/python3"))
    gaps: list[Gap] = []
    named = [_named(host, found, name) for name in request.envs]
    if named:
        chosen = [replace(one, because="--env", active=one is named[0]) for one in named]
    else:
        active = _active(host, on_path, gaps)
        chosen = [replace(active, active=True)] if active else []
        if active is None:
            gaps.append(Gap(fact="envs.active", reason="no environment is active, and no python3 or python is on PATH"))
    merged = _Collection(host)
    merged.add(*chosen)
    own = host.identity().tool_prefix
    for one in found.values():
        # cudadoctor's own environment is no part of the user's, unless torch was put into it or it was asked for.
        if not (own and same(host, one.prefix, own)) or has_torch(host, one.prefix):
            merged.add(one)
    candidates = merged.values()
    if len(candidates) > MOST:
        gaps.append(Gap(fact="envs", reason=f"{len(candidates)} environments found; only the first {MOST} examined"))
    return Located(candidates=candidates[:MOST], gaps=tuple(gaps))


def same(host: Quiet, left: str, right: str) -> bool:
    """Whether two paths are one directory."""
    return left == right or (host.real(left) or left) == (host.real(right) or right)


def has_torch(host: Quiet, prefix: str) -> bool:
    """Whether a torch lies in the environment."""
    return bool(host.glob(f"{prefix}/{_TORCH}", 1))


class _Collection:
    """Candidates, each real prefix once; the first that came stays."""

    def __init__(self, host: Quiet) -> None:
        self._host = host
        self._found: dict[str, Candidate] = {}

    def add(self, *candidates: Candidate) -> None:
        for one in candidates:
            self._found.setdefault(self._host.real(one.prefix) or one.prefix, one)

    def values(self) -> tuple[Candidate, ...]:
        return tuple(self._found.values())


def classified(host: Quiet, prefix: str, python: str | None = None) -> Candidate | None:
    """What kind of environment the directory is by the marks in it; None where it has neither mark."""
    cfg = host.read(f"{prefix}/pyvenv.cfg")
    if cfg is not None:
        return _virtual_one(prefix, cfg, python)
    if host.glob(f"{prefix}/conda-meta", 1):
        return Candidate(kind=_conda_kind(prefix), prefix=prefix, name=_name(prefix), python=python)
    return None


def _virtual_one(prefix: str, cfg: str, python: str | None = None) -> Candidate:
    kind: Kind = "pipx" if "/pipx/venvs/" in prefix else "uv" if pyvenv.parse(cfg).uv else "venv"
    return Candidate(kind=kind, prefix=prefix, name=_name(prefix), python=python)


def _name(prefix: str) -> str:
    name = posixpath.basename(prefix) or prefix
    # `.venv` says nothing; the project's directory does.
    return posixpath.basename(posixpath.dirname(prefix)) or name if name in {".venv", "venv", "env"} else name


def _conda_kind(prefix: str) -> Kind:
    return "pixi" if "/.pixi/envs/" in prefix else "conda"


def _from_path(host: Quiet) -> Iterator[Candidate]:
    """The environments of the pythons on PATH, in its order, cudadoctor's own left out."""
    own = host.identity().tool_prefix
    for python in first_pythons(host):
        prefix = posixpath.dirname(posixpath.dirname(python))
        if own and same(host, prefix or "/", own):
            continue
        marked = classified(host, prefix, python) if prefix else None
        if marked is None:
            # Links are followed by the interpreter too, when it looks for its library.
            real = host.real(python) or python
            prefix = posixpath.dirname(posixpath.dirname(real)) or "/"
            marked = classified(host, prefix, python) or _plain(prefix, python)
        yield replace(marked, because="PATH")


def _plain(prefix: str, python: str) -> Candidate:
    kind: Kind = "pyenv" if "/versions/" in prefix else "uv" if "/uv/python/" in prefix else "system"
    return Candidate(kind=kind, prefix=prefix, name="system" if kind == "system" else _name(prefix), python=python)


def _conda(host: Quiet) -> Iterator[Candidate]:
    known = places(host)
    for prefix in known.environments:
        base = prefix in known.roots and posixpath.basename(posixpath.dirname(prefix)) != "envs"
        yield Candidate(kind=_conda_kind(prefix), prefix=prefix, name="base" if base else _name(prefix))


def _virtual(host: Quiet) -> Iterator[Candidate]:
    """Virtual environments at the usual places, and those of the project in the current directory."""
    home, cwd = host.home, host.identity().cwd
    patterns = ["/opt/*venv*", "/venv"]
    if home and home != "/":
        patterns += [f"{home}/{place}/*" for place in (".virtualenvs", ".local/share/virtualenvs", "venvs", ".venvs")]
        patterns += [f"{home}/.cache/pypoetry/virtualenvs/*", f"{home}/*venv*", f"{home}/.venv"]
        # Those of other projects: a torch that lies there and not here is what some people look for.
        patterns += [f"{home}/*/.venv", f"{home}/*/venv"]
    workon = host.env("WORKON_HOME")
    patterns += [f"{workon}/*"] if workon else []
    patterns += [f"{cwd}/.venv", f"{cwd}/*env"] if cwd and cwd != "/" else []
    for path in host.globs(*(f"{pattern}/pyvenv.cfg" for pattern in patterns), most=_FOUND):
        yield _virtual_one(posixpath.dirname(path), host.read(path) or "")
    project = host.env("PIXI_PROJECT_ROOT")
    for folder in dict.fromkeys(filter(None, (project, cwd, f"{home}/*" if home and home != "/" else None))):
        for path in host.glob(f"{folder.rstrip('/')}/.pixi/envs/*/conda-meta", _FOUND):
            prefix = posixpath.dirname(path)
            yield Candidate(kind="pixi", prefix=prefix, name=posixpath.basename(prefix))


def _managed(host: Quiet) -> Iterator[Candidate]:
    """Interpreters of pyenv; and those of uv, pipx and pixi's tools that have a torch, which few do."""
    home = host.home
    root = host.env("PYENV_ROOT") or (f"{home}/.pyenv" if home else None)
    if root:
        for python in host.glob(f"{root.rstrip('/')}/versions/*/bin/python", _FOUND):
            prefix = posixpath.dirname(posixpath.dirname(python))
            yield Candidate(kind="pyenv", prefix=prefix, name=posixpath.basename(prefix))
    if not home or home == "/":
        return
    share = host.env("XDG_DATA_HOME") or f"{home}/.local/share"
    tools: tuple[tuple[str, Kind], ...] = (
        (f"{share}/uv/python/*", "uv"),
        (f"{share}/uv/tools/*", "uv"),
        (f"{share}/pipx/venvs/*", "pipx"),
        (f"{home}/.local/pipx/venvs/*", "pipx"),
        (f"{home}/.pixi/envs/*", "pixi"),
    )
    for pattern, kind in tools:
        for path in host.glob(f"{pattern}/{_TORCH}", _FOUND):
            prefix = path.rsplit("/lib/", 1)[0]
            yield Candidate(kind=kind, prefix=prefix, name=posixpath.basename(prefix))


def _active(host: Quiet, on_path: tuple[Candidate, ...], gaps: list[Gap]) -> Candidate | None:
    """VIRTUAL_ENV, else CONDA_PREFIX, else the first on PATH; cudadoctor's own only where torch is in it."""
    own = host.identity().tool_prefix
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = (host.env(variable) or "").rstrip("/")
        if not prefix.startswith("/"):
            continue
        if own and same(host, prefix, own) and not has_torch(host, prefix):
            continue
        marked = classified(host, prefix)
        if marked is not None:
            return replace(marked, because=variable)
        gaps.append(Gap(fact="envs.active", reason=one_line(f"{variable} names {prefix}, which is no environment")))
    return on_path[0] if on_path else None


def _named(host: Quiet, found: _Collection, name: str) -> Candidate:
    """The environment of that name or path."""
    if "/" in name or name.startswith(("~", ".")):
        path = posixpath.normpath(host.absolute(name) or name)
        if posixpath.basename(posixpath.dirname(path)) == "bin":
            path = posixpath.dirname(posixpath.dirname(path))
        known = next((one for one in found.values() if same(host, one.prefix, path)), None) or classified(host, path)
        if known is None and host.globs(f"{path}/bin/python3", f"{path}/bin/python", most=1):
            known = _plain(path, f"{path}/bin/python3")
    else:
        known = next((one for one in found.values() if name in {one.name, posixpath.basename(one.prefix)}), None)
        here = host.identity().cwd
        # Where there are more environments than are looked at, a name is still asked for in the places of conda.
        asked = [posixpath.join(here, name)] if here else []
        asked += [f"{folder}/{name}" for folder in folders(host)]
        known = known or next((one for one in (classified(host, prefix) for prefix in asked) if one), None)
    if known is not None:
        return known
    if getattr(host.host, "questions", ()):
        # A far machine that has not told all yet: what is not there now may be in the next round.
        return Candidate(kind="venv", prefix=host.absolute(name) or name, name=name)
    names = ", ".join(dict.fromkeys(one.name for one in found.values())) or "none"
    raise CudaDoctorError(one_line(f"--env {name}: no environment of that name or path; found: {names}"))
