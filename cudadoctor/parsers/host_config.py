"""`crt/host_config.h` of a CUDA toolkit: the host compilers that it refuses."""

from __future__ import annotations

import re

from msgspec import Struct

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif|error)\b(.*)")
_GCC = re.compile(r"__GNUC__\s*(>=?)\s*(\d{1,3})")
_CLANG = re.compile(r"__clang_major__\s*(>=?)\s*(\d{1,3})")
_NOT = re.compile(r"!\s*defined\s*\(?\s*\w+\s*\)?")
_ELSEWHERE = re.compile(r"__APPLE__|_WIN32|__HORIZON__|__QNX|__powerpc|__ICC|__INTEL|__PGIC__|__GRCO_|_MSC_VER|__ibmxl")
"""Macros of platforms and compilers for which a guard of its own holds."""


class HostLimits(Struct, frozen=True, kw_only=True):
    """The newest majors that the header lets pass; None where it has no such guard (or somebody took it out)."""

    gcc_max: int | None = None
    clang_max: int | None = None


def parse(text: str) -> HostLimits:
    """The limits for gcc and for clang on Linux.

    A guard counts where an `#error` really stands behind it: a line that was commented out refuses nothing.
    """
    plain = _COMMENT.sub(" ", text.replace("\\\n", " "))
    conditions: list[str] = []
    gcc: list[int] = []
    clang: list[int] = []
    for line in plain.splitlines():
        match = _DIRECTIVE.match(line)
        if match is None:
            continue
        word, rest = match.group(1), match.group(2)
        if word in {"if", "ifdef", "ifndef"}:
            conditions.append(rest if word != "ifndef" else "")
        elif word in {"elif", "else"} and conditions:
            conditions[-1] = rest if word == "elif" else ""
        elif word == "endif" and conditions:
            conditions.pop()
        elif word == "error" and conditions and not _elsewhere(conditions):
            gcc += _limits(_GCC, conditions[-1])
            clang += _limits(_CLANG, conditions[-1])
    return HostLimits(gcc_max=min(gcc, default=None), clang_max=min(clang, default=None))


def _elsewhere(conditions: list[str]) -> bool:
    """Whether one of the conditions holds only on another platform (`!defined(__APPLE__)` does not)."""
    return any(_ELSEWHERE.search(_NOT.sub("", condition)) for condition in conditions)


def _limits(pattern: re.Pattern[str], condition: str) -> list[int]:
    """The newest major that each comparison lets pass."""
    return [int(number) - (sign == ">=") for sign, number in pattern.findall(condition)]
