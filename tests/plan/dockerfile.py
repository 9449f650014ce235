"""A small reader of Dockerfiles, by Docker's own description of the format: what each instruction would run."""

from __future__ import annotations

import json
import re

INSTRUCTIONS = {"FROM", "RUN", "ENV", "COPY", "ADD"}
_HEREDOC = re.compile(r"\d*<<-?[^<]*\Z")


def instructions(text: str) -> list[tuple[str, str]]:
    """Name and rest, continuation lines joined and comments dropped, inside a continuation too. Raises ValueError."""
    lines = text.split("\n")
    if re.match(r"#\s*\w+\s*=", lines[0]):
        raise ValueError(f"an order to the parser: {lines[0]}")
    found: list[tuple[str, str]] = []
    parts: list[str] = []
    for line in lines:
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if line.rstrip().endswith("\\"):
            parts.append(line.rstrip()[:-1])
            continue
        whole = "".join([*parts, line]).strip()
        parts = []
        name, _, rest = whole.partition(" ")
        if name not in INSTRUCTIONS:
            raise ValueError(f"not an instruction: {line!r}")
        found.append((name, rest.strip()))
    if parts:
        raise ValueError("the file ends within an instruction")
    return found


def run_argv(rest: str) -> list[str]:
    """What RUN starts: the list, or /bin/sh. Raises ValueError for what a parser might take for something else."""
    if rest.startswith("--"):
        raise ValueError(f"flags: {rest}")
    if rest.startswith("["):
        argv = json.loads(rest)
        if not isinstance(argv, list) or not all(isinstance(one, str) for one in argv):
            raise ValueError(rest)
        return argv
    for word in raw_words(rest):
        if _HEREDOC.match(word):
            raise ValueError(f"BuildKit takes this for a here-document: {word}")
    return ["/bin/sh", "-c", rest]


def raw_words(text: str) -> list[str]:
    """Words with their quotes, as BuildKit looks for here-documents among them."""
    found: list[str] = []
    word, quote, skip = "", "", False
    for letter in text:
        if skip:
            skip = False
        elif quote:
            quote = "" if letter == quote else quote
            skip = letter == "\\" and quote == '"'
        elif letter in "'\"":
            quote = letter
        elif letter == "\\":
            skip = True
        elif letter.isspace():
            found.append(word)
            word = ""
            continue
        word += letter
    return [one for one in [*found, word] if one]
