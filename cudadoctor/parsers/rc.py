"""Assignments in the files that shells and logins read: sh, bash and zsh, fish, csh, /etc/environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from cudadoctor.parsers.shell_words import LineFinder, Word, commands

Dialect = Literal["sh", "fish", "csh", "environment", "pam"]

_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_PAM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s.*?\b(?:DEFAULT|OVERRIDE)=(?:\"([^\"]*)\"|(\S*))")
_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "command", "builtin"}
    | {"begin", "and", "or", "not"}
)
_DECLARE = frozenset({"export", "declare", "typeset", "local", "readonly"})
_LISTS = {"path": "PATH", "fish_user_paths": "PATH", "ld_library_path": "LD_LIBRARY_PATH"}
"""Arrays that zsh, csh and fish tie to a variable."""
_INHERITED = frozenset({"PATH"})
"""In every environment already, so that a plain assignment reaches programs too."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One assignment to one variable."""

    line: int
    text: str
    """The line of the file where it begins."""
    variable: str
    value: str
    """The right-hand side, quotes removed, nothing expanded. What appends or prepends is written out: `$PATH:/x`."""
    exported: bool


def parse(text: str, dialect: Dialect, wanted: Callable[[str], bool]) -> tuple[Assignment, ...]:
    """The assignments to variables that `wanted` answers True for, in the order of the file."""
    names = {_LISTS.get(name, name) for name in _NAMES.findall(text)}
    if "fish_add_path" not in names and not any(map(wanted, names)):
        return ()
    found = {"sh": _sh, "fish": _fish, "csh": _csh, "environment": _environment, "pam": _pam}[dialect](text)
    return tuple(item for item in found if wanted(item.variable))


def _sh(text: str) -> list[Assignment]:
    lines = LineFinder(text)
    found: list[Assignment] = []
    exported: set[str] = set()
    everything = False
    for words in commands(text):
        rest = _without_keywords(words)
        values = [word for word in rest if _assigns(word)]
        command = rest[0].text if rest and not _assigns(rest[0]) else ""
        options = "".join(word.text for word in rest[1:] if word.text[:1] in {"-", "+"})
        if command in _DECLARE:
            hides = "-n" in options if command == "export" else "x" not in options
            if not hides:
                exported.update(word.text for word in rest[1:] if not _assigns(word))
        elif command == "set":
            everything = "+a" not in options and ("-a" in options or everything)
            continue
        elif command or len(values) < len(rest):
            continue  # another command: what stands before it is set for that command alone
        else:
            hides = not everything
        found.extend(_assignment(lines, word, exported=not hides) for word in values)
    return [
        replace(item, exported=True) if item.variable in exported or item.variable in _INHERITED else item
        for item in found
    ]


def _assigns(word: Word) -> bool:
    match = _ASSIGNS.match(word.text)
    return match is not None and match.end() <= word.bare


def _assignment(lines: LineFinder, word: Word, *, exported: bool) -> Assignment:
    match = _ASSIGNS.match(word.text)
    assert match is not None
    name, adds = match.groups()
    value = word.text[match.end() :]
    if name in _LISTS:
        name = _LISTS[name]
        value = f"${name}:{value}" if adds else value
    elif adds:
        value = f"${name}{value}"
    return _at(lines, word, name, value, exported=exported)


def _at(lines: LineFinder, word: Word, name: str, value: str, *, exported: bool) -> Assignment:
    number = lines.number(word.start)
    return Assignment(line=number, text=lines.line(number).strip(), variable=name, value=value, exported=exported)


def _without_keywords(words: list[Word]) -> list[Word]:
    for index, word in enumerate(words):
        if word.text not in _KEYWORDS:
            return words[index:]
    return []


def _fish(text: str) -> Iterator[Assignment]:
    lines = LineFinder(text)
    for words in commands(text, nest=True):
        rest = _without_keywords(words)
        options = [word.text for word in rest[1:] if word.text.startswith("-")]
        short = "".join(option[1:] for option in options if not option.startswith("--"))
        values = [word for word in rest[1:] if not word.text.startswith("-")]
        if not values:
            continue
        command = rest[0].text
        appends = "a" in short or "--append" in options
        if command == "export":
            yield from (_assignment(lines, word, exported=True) for word in values if _assigns(word))
        elif command == "fish_add_path":
            added = ":".join(word.text for word in values)
            yield _at(lines, rest[0], "PATH", f"$PATH:{added}" if appends else f"{added}:$PATH", exported=True)
        elif command == "set" and not ({"e", "q", "S"} & set(short) or {"--erase", "--query", "--show"} & set(options)):
            name = values[0].text
            value = ":".join(word.text for word in values[1:])
            if appends:
                value = f"${name}:{value}"
            elif "p" in short or "--prepend" in options:
                value = f"{value}:${name}"
            target = _LISTS.get(name, name)
            exported = "x" in short or "--export" in options or target in _INHERITED
            yield _at(lines, rest[0], target, value, exported=exported)


def _csh(text: str) -> Iterator[Assignment]:
    lines = LineFinder(text)
    for words in commands(text, nest=True):
        for index, word in enumerate(words[:6]):
            following = words[index + 1 :]
            if word.text == "setenv" and following:
                value = " ".join(other.text for other in following[1:])
                yield _at(lines, word, following[0].text, value, exported=True)
                break
            if word.text == "set" and following:
                name, equals, value = "".join(other.text for other in following).partition("=")
                if equals and name in _LISTS:
                    inside = value.replace('"', "").strip("()")
                    joined = inside if ":" in inside and " " not in inside else ":".join(inside.split())
                    yield _at(lines, word, _LISTS[name], joined, exported=True)
                break


def _environment(text: str) -> Iterator[Assignment]:
    """pam_env's and systemd's form: one `NAME=value` a line, no shell."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip().removeprefix("export ").lstrip()
        match = _ASSIGNS.match(plain)
        if match and not match.group(2):
            value = plain[match.end() :].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            yield Assignment(line=number, text=line.strip(), variable=match.group(1), value=value, exported=True)


def _pam(text: str) -> Iterator[Assignment]:
    """~/.pam_environment: `NAME DEFAULT=value OVERRIDE=value`, or `NAME=value`."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _PAM.match(line.strip()[:4096])
        if match:
            name, quoted, bare = match.groups()
            value = bare if quoted is None else quoted
            yield Assignment(line=number, text=line.strip(), variable=name, value=value, exported=True)
        else:
            for item in _environment(line):
                yield replace(item, line=number)
