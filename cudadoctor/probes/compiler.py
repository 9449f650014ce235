"""The C++ compiler that nvcc would call."""

from __future__ import annotations

import posixpath
import re
import shlex

from cudadoctor.facts.base import Gap
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.toolkit import CompilerFacts
from cudadoctor.host.base import Host, Refusal
from cudadoctor.probes.ask import first_line
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.quiet import Quiet

_VARIABLES = ("NVCC_CCBIN", "CUDAHOSTCXX", "CXX")
_NAMES = ("g++", "c++")
"""In nvcc's own order: it takes gcc from PATH; `c++` may be another compiler."""
_CACHES = frozenset({"ccache", "sccache", "distcc", "icecc"})
_LIMIT = 10.0
_BRACKETS = re.compile(r"\([^()]{0,200}\)")
_NUMBER = re.compile(r"(?<![\w.-])(\d{1,3})(?:\.\d{1,3}){0,2}")
_GCC = re.compile(r"(?<!\w)(?:gcc|g\+\+)(?!\w)|\A\S*c\+\+(?:-\d+)? \(|\(GCC\)|Free Software Foundation")


def probe(host: Host, request: Request, clock: Clock) -> Found[CompilerFacts]:
    """Path, kind and version of the compiler that the variables name, else of the first one on PATH."""
    del request
    quiet = Quiet(host)
    variable, path = _chosen(quiet)
    if path is None:
        reason = "no g++ or c++ on PATH" if variable is None else f"{variable} names no program that was found"
        return _gap(reason)
    try:
        done = host.run([path, "--version"], timeout=clock.limit(_LIMIT))
    except Refusal as refusal:
        return _gap(str(refusal))
    text = done.stdout[:8192].decode("utf-8", errors="replace")
    line = first_line(text) or ""
    kind = _kind(text)
    number = _NUMBER.search(_BRACKETS.sub(" ", line))
    if kind is None or number is None:
        return _gap(f"{path} --version: neither gcc's words nor clang's")
    seen = Seen(where=f"{path} --version", text=line)
    return Found(
        value=CompilerFacts(path=path, kind=kind, major=int(number[1]), version=number[0], variable=variable, seen=seen)
    )


def _gap(reason: str) -> Found[CompilerFacts]:
    return Found(value=None, gaps=(Gap(fact="compiler", reason=first_line(reason) or reason),))


def _chosen(host: Quiet) -> tuple[str | None, str | None]:
    """The variable that chooses, and the program; the program is None where there is none."""
    for variable in _VARIABLES:
        value = host.env(variable)
        if value:
            return variable, _program(host, value)
    return None, next((path for name in _NAMES for path in host.which(name)), None)


def _program(host: Quiet, value: str) -> str | None:
    """The compiler in `ccache /usr/bin/g++-8 -m64`; a directory stands for the g++ in it, as with `nvcc -ccbin`."""
    try:
        words = shlex.split(value)
    except ValueError:
        words = value.split()
    names = [word for word in words if not word.startswith("-") and posixpath.basename(word) not in _CACHES]
    if not names:
        return None
    name = names[0]
    if "/" not in name:
        return next(iter(host.which(name)), None)
    path = host.absolute(name)
    if path is None:
        return None
    inside = host.globs(*(f"{path.rstrip('/')}/{compiler}" for compiler in _NAMES), most=1)
    return inside[0] if inside else path


def _kind(text: str) -> str | None:
    if "clang" in text.lower():
        return "clang"
    return "gcc" if _GCC.search(text) else None
