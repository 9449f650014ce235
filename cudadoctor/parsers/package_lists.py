"""Lists of installed packages as people paste them: conda list, pip list, pip freeze, pip show, and their kin."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from cudadoctor.facts.envs import Package
from cudadoctor.parsers.conda_meta import short_channel
from cudadoctor.parsers.metadata import normalise
from cudadoctor.parsers.text import lines

_MOST = 4096
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_VERSION = r"v?\d[A-Za-z0-9.!+_-]{0,60}"
_BUILD = r"[A-Za-z0-9][A-Za-z0-9._+*-]{0,80}"
_CHANNEL = r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,200}"

_PREFIX = re.compile(r"#? ?packages in environment at (\S{1,400}?):?\s*\Z")
_COLUMNS = re.compile(
    rf"[│|]?\s{{0,8}}({_NAME})\s{{1,60}}({_VERSION})\s{{1,60}}({_BUILD})(?:\s{{1,60}}({_CHANNEL}))?\s*\Z"
)
_HASHED = re.compile(r"[0-9A-Za-z_.]*_\d{1,4}\Z")
"""What tells a conda build string from any third word: `py37_0`, `h0371630_2`, `pypi_0`."""
_TWO = re.compile(rf"({_NAME})\s{{1,100}}({_VERSION})(?:\s{{1,60}}(?:/\S{{0,300}}|pip|uv|conda))?\s*\Z")
_FILTERED = re.compile(
    r"((?:nvidia|torch|lib)[a-z0-9_-]{0,40}|pytorch[a-z-]{0,20}|triton|numpy|xformers|flash[_-]attn|bitsandbytes|cpuonly)"
    rf"[ \t]{{2,100}}({_VERSION})(?:[ \t]{{2,60}}(?:/\S{{0,300}}|pip|uv|conda))?\s*\Z"
)
"""A line of a list whose heading `grep` took away: a name of torch's company, a wide gap, a version."""
_FROZEN = re.compile(rf"({_NAME})(?:\[[^\]]{{0,80}}\])?\s?===?\s?({_VERSION})(?:\s*(?:;.*|#.*|\\))?\Z")
_DIRECT = re.compile(rf"({_NAME})\s?@\s?\S{{1,600}}\Z")
_WHEEL = re.compile(r"/([A-Za-z0-9_.]{1,100})-([0-9][A-Za-z0-9_.!+%]{0,80})-[A-Za-z0-9_.]{1,60}-[A-Za-z0-9_.]{1,60}-"
                    r"[A-Za-z0-9_.]{1,120}\.whl")  # fmt: skip
_EXPORT = re.compile(rf"\s{{0,8}}-\s({_NAME})=({_VERSION})=({_BUILD})\s*\Z")
_EXPLICIT = re.compile(rf"(?:-\s)?({_NAME})=({_VERSION})=({_BUILD})\s*\Z")
_INSTALLED = re.compile(r"Successfully installed ((?:[A-Za-z0-9_.+!-]{3,140} ?){1,400})\Z")
_JOINED = re.compile(r"([A-Za-z0-9_.]+(?:-[A-Za-z_][A-Za-z0-9_.]*|-cu\d{2})*)-(\d[A-Za-z0-9.!+]*)\Z")
_SHOWN = re.compile(r"(Name|Version|Location|Installer|Requires|Summary): ?(.{0,400})\Z")
_RULE = re.compile(r"-{3,200}\s{1,8}-{3}|[─━-]{20,400}\s*\Z")
_HEAD = re.compile(r"\s*Package\s+Version(?:\s+(?:Editable project location|Location|Installer).*)?\s*\Z")
_TAG = re.compile(r"\s*([a-z]{2}\d{1,3}t?)-([a-z0-9_]{2,30})-([a-z0-9_.]{2,60})\s*\Z")
_INFO = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9 _()\-]{2,40}?) ?: ?(.{0,400})\Z")
_VIRTUAL = re.compile(r"(__[a-z0-9_]{2,30})=([^=\s]{0,60})(?:=(\S{0,120}))?\Z")


class CondaInfo(Struct, frozen=True, kw_only=True):
    """What `conda info` (or mamba's, micromamba's) says."""

    version: str | None = None
    python: str | None = None
    active: str | None = None
    """Name of the active environment."""
    active_prefix: str | None = None
    base: str | None = None
    platform: str | None = None
    """`linux-64`."""
    virtual: tuple[tuple[str, str], ...] = ()
    """Virtual packages by name and version: `__cuda`, `__glibc` …"""
    channels: tuple[str, ...] = ()
    """Short names, without credentials."""


class PipDebug(Struct, frozen=True, kw_only=True):
    """What `pip debug --verbose` says."""

    pip: str | None = None
    python: str | None = None
    tags: tuple[tuple[str, str, str], ...] = ()
    """Interpreter, ABI and platform of what it takes."""


def parse(text: str | bytes) -> tuple[Package, ...]:
    """Every package in any of the forms, wherever in the text they stand; the last word on a name counts.

    Two-column lines count below a list's own heading (`Package  Version`, `----- -----`), and without one where they
    are of torch's company and have a wide gap (`pip list | grep torch`); four-column ones with what looks like conda's
    build string; `name==version` lines everywhere they stand alone. Text about packages, such as a command line, is
    none of these.
    """
    return collect(lines(text))


def collect(rows: Iterable[str]) -> tuple[Package, ...]:
    """As `parse`, over tidy lines."""
    found: dict[str, Package] = {}
    in_list = in_conda = False
    shown: dict[str, str] = {}
    for raw in rows:
        line = raw.rstrip()
        if _PREFIX.search(line):
            in_conda, in_list = True, False
            continue
        if _HEAD.match(line) or _RULE.match(line):
            in_list = True
            continue
        if not line.strip():
            in_list = False
            continue
        for one in _of_line(line, shown, in_list=in_list, in_conda=in_conda):
            if len(found) < _MOST:
                found.pop(one.name, None)
                found[one.name] = one
    return tuple(found.values())


def prefix(text: str | bytes) -> str | None:
    """The environment that a `conda list` is of: `# packages in environment at /opt/conda:`."""
    return next((match.group(1) for line in lines(text) if (match := _PREFIX.search(line))), None)


def conda_info(text: str | bytes) -> CondaInfo | None:
    """None where there is no `conda info` in the text: it takes two of its own lines to be one."""
    values: dict[str, str] = {}
    virtual: dict[str, str] = {}
    channels: list[str] = []
    section = ""
    for line in lines(text):
        match = _INFO.match(line)
        value = line.strip()
        if match and not value.startswith(("http", "__")):
            section, value = match.group(1).strip().lower(), match.group(2).strip()
            values.setdefault(section, value)
        if section == "virtual packages" and (package := _VIRTUAL.match(value)):
            virtual.setdefault(package.group(1), package.group(2))
        elif section in {"channel urls", "channels"} and len(channels) < 50 and value.startswith("http"):
            short = short_channel(value)
            if short and short not in channels:
                channels.append(short)
    own = ("active environment", "active env location", "conda version", "virtual packages", "channel urls",
           "base environment", "environment", "libmamba version", "populated config files")  # fmt: skip
    if sum(name in values for name in own) < 2:
        return None
    active = values.get("active environment", values.get("environment", ""))
    return CondaInfo(
        version=values.get("conda version") or values.get("micromamba version") or values.get("mamba version"),
        python=values.get("python version"),
        active=active.partition("(")[0].strip() or None,
        active_prefix=values.get("active env location") or values.get("env location"),
        base=values.get("base environment", "").partition(" (")[0].strip() or None,
        platform=values.get("platform"),
        virtual=tuple(virtual.items()),
        channels=tuple(channels),
    )


def pip_debug(text: str | bytes) -> PipDebug | None:
    """None where there is no `pip debug` in the text."""
    pip = python = None
    tags: list[tuple[str, str, str]] = []
    below = False
    for line in lines(text):
        if match := re.match(r"\s*pip version: pip (\S{1,40})", line):
            pip = match.group(1)
        elif match := re.match(r"\s*sys\.version: (\d\.\d{1,2}(?:\.\d{1,2})?)", line):
            python = match.group(1)
        elif line.strip().startswith("Compatible tags"):
            below = True
        elif below and (match := _TAG.match(line)) and len(tags) < _MOST:
            tags.append((match.group(1), match.group(2), match.group(3)))
    return PipDebug(pip=pip, python=python, tags=tuple(tags)) if pip or tags else None


def _of_line(line: str, shown: dict[str, str], *, in_list: bool, in_conda: bool) -> tuple[Package, ...]:
    """What one line lists; `shown` gathers the lines of `pip show`, which come one by one."""
    if match := _SHOWN.match(line):
        shown[match.group(1)] = match.group(2).strip()
        if match.group(1) == "Version" and re.fullmatch(_NAME, shown.get("Name", "")):
            name = shown.pop("Name")
            return _pip(name, shown["Version"]) if re.fullmatch(_VERSION, shown["Version"]) else ()
        return ()
    bare = line.strip().removeprefix("- ")
    if match := _FROZEN.match(bare):
        return _pip(match.group(1), match.group(2))
    if _DIRECT.match(bare):
        wheel = _WHEEL.search(bare)
        return _pip(wheel.group(1), wheel.group(2).replace("%2B", "+").replace("%2b", "+")) if wheel else ()
    if match := _EXPORT.match(line) or _EXPLICIT.match(bare):
        return (_conda(match.group(1), match.group(2), match.group(3), None),)
    if match := _INSTALLED.match(bare):
        joined = [_JOINED.match(word) for word in match.group(1).split()]
        return tuple(one for word in joined if word for one in _pip(word.group(1), word.group(2)))
    if (match := _COLUMNS.match(line)) and (in_conda or _is_build(match.group(3))):
        name, version, build, channel = match.groups()
        return (_conda(name, version, build, channel),)
    two = (_TWO if in_list or in_conda else _FILTERED).match(bare)
    return _pip(two.group(1), two.group(2)) if two and "." in two.group(2) else ()


def _is_build(word: str) -> bool:
    return _HASHED.fullmatch(word) is not None


def _conda(name: str, version: str, build: str, channel: str | None) -> Package:
    short = short_channel(channel) if channel else None
    pip = build.startswith(("pypi_", "<pip>", "dev_")) or short == "pypi"
    return Package(
        name=normalise(name) if pip else name.lower(),
        version=version,
        build=None if pip else build,
        channel=short,
        installer="pip" if pip else "conda",
    )


def _pip(name: str, version: str) -> tuple[Package, ...]:
    return (Package(name=normalise(name), version=version, installer="pip"),)
