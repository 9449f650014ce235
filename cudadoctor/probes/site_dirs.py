"""Where an interpreter of an environment looks for packages, and which version of Python it is."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from cudadoctor.facts.envs import Package
from cudadoctor.parsers import pyvenv
from cudadoctor.probes.envs_find import Candidate
from cudadoctor.probes.quiet import Quiet

_IN_PATH = re.compile(r"/python(\d\.\d{1,2})(t?)/")
_IN_NAME = re.compile(r"python(\d(?:\.\d{1,2})?)t?\Z")
_FULL = re.compile(r"(\d\.\d{1,2}(?:\.\d{1,2})?)")
_MOST_PYTHONPATH = 10
_INFOS = "[abcdfimnptvxABCDFIMNPTVX]*-info"
"""Records by the first letters of torch and its company: a site has hundreds of others."""
_MOST_INFOS = 3000


class Sites(Struct, frozen=True, kw_only=True):
    """The directories of one environment."""

    own: str | None
    """Its main site-packages."""
    search: tuple[str, ...]
    """All that `import` would go through, in its order: PYTHONPATH, the user's own, the environment's."""
    python_version: str | None
    """`3.11.7`, or `3.11` where no more is known."""
    records: tuple[str, ...]
    """The `*.dist-info` and `*.egg-info` in those directories, in the same order."""


def sites(host: Quiet, one: Candidate, records: tuple[Package, ...]) -> Sites:
    """`records`: what conda installed there."""
    cfg = pyvenv.parse(host.read(f"{one.prefix}/pyvenv.cfg") or "") if one.kind in {"venv", "uv", "pipx"} else None
    found, infos = _look(host, _patterns(one.prefix))
    version = _version(host, one, cfg, records, found)
    own = _fitting(found, version)
    second = f"{one.prefix.rstrip('/')}/lib64"
    if any(path.startswith(f"{second}/") for path in own) and _is_link(host, second):
        own = [path for path in own if not path.startswith(f"{second}/")]
    outside = _python_path(host)
    for path in outside:
        infos += host.glob(f"{path}/{_INFOS}", _MOST_INFOS)
    user: list[str] = []
    base: list[str] = []
    if cfg is None or cfg.system_site_packages:
        user, more = _look(host, _user_patterns(host))
        infos += more
    if cfg is not None and cfg.system_site_packages and (cfg.home or "").startswith("/"):
        base, more = _look(host, _patterns(posixpath.dirname((cfg.home or "").rstrip("/"))))
        infos += more
    search = tuple(dict.fromkeys((*outside, *_fitting(user, version), *own, *_fitting(base, version))))
    ordered = [path for site in search for path in infos if path.rpartition("/")[0] == site]
    return Sites(own=own[0] if own else None, search=search, python_version=version, records=tuple(ordered))


def _look(host: Quiet, patterns: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The directories, and the records in them: both in one go, because a far machine is asked in few rounds."""
    infos = host.globs(*(f"{pattern}/{_INFOS}" for pattern in patterns), most=_MOST_INFOS)
    return list(host.globs(*patterns, most=40)), list(infos)


def _patterns(prefix: str) -> tuple[str, ...]:
    """Where packages lie under a prefix, in the order in which the interpreter looks.

    Debian's own python has `dist-packages`, those of pip before those of apt; Fedora's has lib64 for compiled ones.
    """
    prefix = prefix.rstrip("/")
    usual = (f"{prefix}/lib64/python3*/site-packages", f"{prefix}/lib/python3*/site-packages")
    if prefix != "/usr":
        debian = (f"{prefix}/lib/python3*/dist-packages",) if prefix == "/usr/local" else ()
        return (*debian, *usual)
    local = ("/usr/local/lib/python3*/dist-packages", "/usr/local/lib64/python3*/site-packages")
    apt = ("/usr/lib/python3/dist-packages", "/usr/lib/python3*/dist-packages")
    return (*local, "/usr/local/lib/python3*/site-packages", *apt, *usual)


def _version(
    host: Quiet,
    one: Candidate,
    cfg: pyvenv.PyvenvCfg | None,
    records: tuple[Package, ...],
    found: list[str],
) -> str | None:
    told = [record.version for record in records if record.name == "python"]
    if cfg is not None and cfg.version:
        told.append(cfg.version)
    if one.kind in {"pyenv", "uv"}:
        told += _FULL.findall(posixpath.basename(one.prefix))[:1]
    if told:
        return told[0]
    real = host.real(one.python or f"{one.prefix}/bin/python3") or host.real(f"{one.prefix}/bin/python")
    name = _IN_NAME.search(real) if real else None
    if name and "." in name.group(1):
        return name.group(1)
    versions = [match.group(1) for path in found if (match := _IN_PATH.search(path))]
    return max(versions, key=_numbers, default=None)


def _fitting(found: list[str], version: str | None) -> list[str]:
    """Those of that Python's minor version; /usr/lib/python3/dist-packages serves all."""
    if version is None:
        return found
    minor = ".".join(version.split(".")[:2])
    matched = [(path, _IN_PATH.search(path)) for path in found]
    return [path for path, match in matched if match is None or match.group(1) == minor]


def _is_link(host: Quiet, path: str) -> bool:
    entry = host.stat(path)
    return entry is not None and entry.kind == "link"


def _user_patterns(host: Quiet) -> tuple[str, ...]:
    if host.env("PYTHONNOUSERSITE") or not host.home:
        return ()
    base = host.env("PYTHONUSERBASE") or f"{host.home}/.local"
    return (f"{base}/lib/python3*/site-packages",)


def _python_path(host: Quiet) -> list[str]:
    parts = (host.env("PYTHONPATH") or "").split(":")
    return [path.rstrip("/") for part in parts[:_MOST_PYTHONPATH] if part and (path := host.absolute(part))]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
