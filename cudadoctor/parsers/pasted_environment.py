"""Variables as people paste them: `export` lines, `env` output, before a command, in Python and Dockerfiles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from cudadoctor.parsers.text import lines

Kind = Literal["exported", "printed", "inline", "python", "container", "echoed", "removed"]

_LONGEST = 4096
_MOST = 500
_NAME = r"(?P<name>[A-Za-z_]\w{1,63})"
_QUOTED = r"(?:\"(?P<double>[^\"]{0,4000})\"|'(?P<single>[^']{0,4000})')"
_SHELL = re.compile(
    r"(?P<word>(?<![\w-])(?:export|declare -x|setenv|set -gx|set -x|ENV|setx|set|env|--env|-e)[ =])?[ ]{0,4}"
    rf"(?<![\w$.\"'{{])(?:\$env:)?{_NAME}[ ]?=(?!=)[ ]?(?:{_QUOTED}|(?P<bare>[^\s\"'`;&|<>()]{{0,4000}}))(?P<rest>.?)"
)
"""`NAME=value` with what stands before it. PowerShell's `$env:NAME = "value"` is read too."""
_SPACED = re.compile(
    rf"(?:\A|\s)(?P<word>setenv|set -gx|set -x|setx|ENV) {{1,4}}{_NAME} {{1,4}}"
    rf"(?:{_QUOTED}|(?P<bare>[^\s=;&|<>()]{{1,4000}}))"
)
"""csh, fish, Windows and Dockerfiles: no equals sign."""
_PYTHON = re.compile(
    r"environ(?:\.setdefault\(| ?\[) ?[\"'](?P<name>\w{2,64})[\"'] ?(?:\] ?=|,) ?" + _QUOTED + r"(?P<rest>.?)"
)
_PUTENV = re.compile(r"\bputenv\( ?[\"'](?P<name>\w{2,64})[\"'] ?, ?" + _QUOTED)
_UNSET = re.compile(rf"(?:\A|[\s;&])(?:unset|unsetenv|set -e) {{1,4}}{_NAME}")
_ECHO = re.compile(r"(?:\A|[\s$#>%])(?:echo|printenv) {1,4}[\"']?\$?\{?" + _NAME + r"\}?[\"']?\s*\Z")
_OUTPUT = re.compile(r"[\w./:,+@~-]{1,4000}\Z")
_COMMENT = re.compile(r"\s{0,40}(?:#|//|REM )", re.IGNORECASE)
_ADVICE = re.compile(
    r"consider (?:passing|setting)|try setting|to avoid fragmentation|you (?:can|may|should|could) (?:set|use)|e\.g\.|"
    r"for example|recommend|suggest",
    re.IGNORECASE,
)
"""A program's advice (torch's own errors have some), not what somebody had set."""
_NO_VALUE = re.compile(r"[<{]|your|path[_/ -]?to|\.\.\.|…", re.IGNORECASE)
"""A template of a guide, not somebody's value."""
_KINDS: dict[str, Kind] = {
    "export": "exported",
    "declare -x": "exported",
    "setenv": "exported",
    "set -gx": "exported",
    "set -x": "exported",
    "setx": "exported",
    "set": "exported",
    "ENV": "container",
    "--env": "container",
    "-e": "container",
    "env": "inline",
}


class Variable(Struct, frozen=True, kw_only=True):
    """One variable with the value that the text gives it."""

    name: str
    value: str | None
    """As written, quotes removed, nothing expanded; None where it is taken away."""
    kind: Kind
    """exported; printed (by `env`); inline (before a command, or in prose); python; container (docker -e, Dockerfile);
    echoed (what `echo $NAME` printed); removed."""
    line: int
    """From 1."""
    text: str

    @property
    def unexpanded(self) -> bool:
        """The value names other variables, so that what it really was is not known."""
        return self.value is not None and "$" in self.value


def parse(text: str | bytes, wanted: Callable[[str], bool]) -> tuple[Variable, ...]:
    """Every value that the text gives a wanted variable, in order. Comments and templates of guides are left out."""
    found: list[Variable] = []
    rows = lines(text, longest=_LONGEST)
    for number, line in enumerate(rows, 1):
        if len(found) >= _MOST:
            break
        if _COMMENT.match(line) or _ADVICE.search(line) or not ("=" in line or "," in line or " " in line):
            continue
        shown = line.strip()[:300]
        taken: set[str] = set()
        for name, value, kind in _in(line):
            if wanted(name) and name not in taken and not (value and _NO_VALUE.search(value)):
                taken.add(name)
                found.append(Variable(name=name, value=value, kind=kind, line=number, text=shown))
        if (echo := _ECHO.search(line)) and wanted(echo["name"]) and number < len(rows):
            answer = rows[number].strip()
            if _OUTPUT.match(answer):
                found.append(
                    Variable(name=echo["name"], value=answer, kind="echoed", line=number + 1, text=answer[:300])
                )
    return tuple(found)


def _in(line: str) -> list[tuple[str, str | None, Kind]]:
    found: list[tuple[str, str | None, Kind]] = [(match["name"], None, "removed") for match in _UNSET.finditer(line)]
    if "environ" in line or "putenv" in line:
        for pattern in (_PYTHON, _PUTENV):
            found += [(match["name"], _value(match), "python") for match in pattern.finditer(line)]
        return found
    for match in _SPACED.finditer(line):
        found.append((match["name"], _value(match), _KINDS[match["word"]]))
    for match in _SHELL.finditer(line):
        if match["rest"] in ("=", "(", "[", "<"):
            continue  # a comparison or a call of some programming language
        word = (match["word"] or "").rstrip(" =")
        kind = _KINDS.get(word)
        if kind is None:
            kind = (
                "printed" if not line[: match.start("name")].strip() and not line[match.end() :].strip() else "inline"
            )
        found.append((match["name"], _value(match), kind))
    return found


def _value(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return next((groups[name] for name in ("double", "single", "bare") if groups.get(name) is not None), "")
