"""Assignments in the files of fish and csh."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.parsers.rc_assignment import INHERITED, LISTS, Assignment, assignment, assigns, at, without_keywords
from cudadoctor.parsers.shell_words import LineFinder, commands


def fish(text: str) -> Iterator[Assignment]:
    """`set -gx`, `fish_add_path`, and fish's own `export`."""
    lines = LineFinder(text)
    for words in commands(text, nest=True):
        rest = without_keywords(words)
        options = [word.text for word in rest[1:] if word.text.startswith("-")]
        short = "".join(option[1:] for option in options if not option.startswith("--"))
        values = [word for word in rest[1:] if not word.text.startswith("-")]
        if not values:
            continue
        command = rest[0].text
        appends = "a" in short or "--append" in options
        if command == "export":
            yield from (assignment(lines, word, exported=True) for word in values if assigns(word))
        elif command == "fish_add_path":
            added = ":".join(word.text for word in values)
            yield at(lines, rest[0], "PATH", f"$PATH:{added}" if appends else f"{added}:$PATH", exported=True)
        elif command == "set" and not ({"e", "q", "S"} & set(short) or {"--erase", "--query", "--show"} & set(options)):
            name = values[0].text
            value = ":".join(word.text for word in values[1:])
            if appends:
                value = f"${name}:{value}"
            elif "p" in short or "--prepend" in options:
                value = f"{value}:${name}"
            target = LISTS.get(name, name)
            exported = "x" in short or "--export" in options or target in INHERITED
            yield at(lines, rest[0], target, value, exported=exported)


def csh(text: str) -> Iterator[Assignment]:
    """`setenv`, and `set path = (…)`."""
    lines = LineFinder(text)
    for words in commands(text, nest=True):
        for index, word in enumerate(words[:6]):
            following = words[index + 1 :]
            if word.text == "setenv" and following:
                value = " ".join(other.text for other in following[1:])
                yield at(lines, word, following[0].text, value, exported=True)
                break
            if word.text == "set" and following:
                name, equals, value = "".join(other.text for other in following).partition("=")
                if equals and name in LISTS:
                    inside = value.replace('"', "").strip("()")
                    joined = inside if ":" in inside and " " not in inside else ":".join(inside.split())
                    yield at(lines, word, LISTS[name], joined, exported=True)
                break
