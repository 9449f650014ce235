"""Assignments in the files that shells and logins read: sh, bash and zsh, fish, csh, /etc/environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec.structs import replace

from cudadoctor.parsers.rc_assignment import (
    ASSIGNS,
    INHERITED,
    LISTS,
    Assignment,
    assignment,
    assigns,
    without_keywords,
)
from cudadoctor.parsers.rc_other import csh, fish
from cudadoctor.parsers.shell_words import LineFinder, commands

__all__ = ["Assignment", "Dialect", "parse"]

Dialect = Literal["sh", "fish", "csh", "environment", "pam"]

_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PAM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s.*?\b(?:DEFAULT|OVERRIDE)=(?:\"([^\"]*)\"|(\S*))")
_DECLARE = frozenset({"export", "declare", "typeset", "local", "readonly"})


def parse(text: str, dialect: Dialect, wanted: Callable[[str], bool]) -> tuple[Assignment, ...]:
    """The assignments to variables that `wanted` answers True for, in the order of the file."""
    names = {LISTS.get(name, name) for name in _NAMES.findall(text)}
    if "fish_add_path" not in names and not any(map(wanted, names)):
        return ()
    found = {"sh": _sh, "fish": fish, "csh": csh, "environment": _environment, "pam": _pam}[dialect](text)
    return tuple(item for item in found if wanted(item.variable))


def _sh(text: str) -> list[Assignment]:
    lines = LineFinder(text)
    found: list[Assignment] = []
    exported: set[str] = set()
    everything = False
    for words in commands(text):
        rest = without_keywords(words)
        values = [word for word in rest if assigns(word)]
        command = rest[0].text if rest and not assigns(rest[0]) else ""
        options = "".join(word.text for word in rest[1:] if word.text[:1] in {"-", "+"})
        if command in _DECLARE:
            hides = "-n" in options if command == "export" else "x" not in options
            if not hides:
                exported.update(word.text for word in rest[1:] if not assigns(word))
        elif command == "set":
            everything = "+a" not in options and ("-a" in options or everything)
            continue
        elif command or len(values) < len(rest):
            continue  # another command: what stands before it is set for that command alone
        else:
            hides = not everything
        found.extend(assignment(lines, word, exported=not hides) for word in values)
    return [
        replace(item, exported=True) if item.variable in exported or item.variable in INHERITED else item
        for item in found
    ]


def _environment(text: str) -> Iterator[Assignment]:
    """pam_env's and systemd's form: one `NAME=value` a line, no shell."""
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.strip().removeprefix("export ").lstrip()
        match = ASSIGNS.match(plain)
        if match and not match.group(2):
            value = plain[match.end() :].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            yield Assignment(line=number, text=line.strip(), variable=match.group(1), value=value, exported=True)


def _pam(text: str) -> Iterator[Assignment]:
    """~/.pam_environment: `NAME DEFAULT=value OVERRIDE=value`, or `NAME=value`."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _PAM.match(line.strip()[:4096])
        if match:
            name, quoted, bare = match.groups()
            value = bare if quoted is None else quoted
            yield Assignment(line=number, text=line.strip(), variable=name, value=value, exported=True)
        else:
            for item in _environment(line):
                yield replace(item, line=number)
