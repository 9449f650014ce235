"""Programs and conditions of a plan as commands of a POSIX shell."""

from __future__ import annotations

from cudadoctor.remedies.plan import AllOf, Condition, Exists, HasHash, Prints
from cudadoctor.render import sh_library
from cudadoctor.render.sh_words import KEYWORDS, word

_SHELL_WORDS = sh_library.NAMES | frozenset((
    "alias", "bg", "break", "builtin", "cd", "command", "continue", "declare", "echo", "enable", "eval", "exec", "exit",
    "export", "false", "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local", "logout",
    "main", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readonly", "return", "set", "shift", "shopt",
    "source", "suspend", "test", "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias",
    "unset", "wait", "whence", "[", "[[", ":", ".", "!", "{", "}",
)) | KEYWORDS  # fmt: skip
"""What a shell takes for its own where a program's name should stand."""


def call(argv: tuple[str, ...]) -> str:
    """The words of a program; one that is named like a word of the shell is still the program."""
    first, *rest = argv
    shown = f"'{first}'" if "=" in first and word(first) == first else word(first)
    start = f"env -- {shown}" if first in _SHELL_WORDS else shown
    return " ".join((start, *map(word, rest)))


def test(condition: Condition) -> str:
    """A command that ends well where the condition holds."""
    if isinstance(condition, Prints):
        asked = call(condition.argv)
        return f"program_holds {asked}" if condition.text is None else f"prints {word(condition.text.strip())} {asked}"
    if isinstance(condition, Exists):
        path = word(condition.path)
        tests = {"file": f"[ -f {path} ]", "directory": f"[ -d {path} ]"}
        return tests.get(condition.what, f"{{ [ -f {path} ] && [ -x {path} ]; }}")
    if isinstance(condition, HasHash):
        return f"has_hash {condition.algorithm} {word(condition.digest)} {word(condition.path)}"
    assert isinstance(condition, AllOf)
    return "{ " + " && ".join(map(test, condition.conditions)) + "; }" if condition.conditions else "true"
