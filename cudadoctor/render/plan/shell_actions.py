"""What a step of a plan does, as lines of a POSIX shell script."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import AllOf, Condition, Exists, Fetch, HasHash, PlanStep, Prints, Run, WriteFile
from cudadoctor.render.plan import roles as plan_parts
from cudadoctor.render.plan import shell_library as sh_library
from cudadoctor.render.plan.shell_words import KEYWORDS, plain, word, words

_TORCH = (
    "import sys, torch; print(torch.__version__); "
    "print(torch.ones(2, 2, device=sys.argv[1]).matmul(torch.ones(2, 2, device=sys.argv[1])).sum().item())"
)


def run(step: PlanStep, action: Run) -> Iterator[str]:
    """A program, by whoever may run it. Raises CudaDoctorError where there is none."""
    if not action.argv:
        raise CudaDoctorError(f"step {step.id} has no program to run")
    program = call(action.argv)
    if plan_parts.is_smoke(step):
        prefix, device = plan_parts.smoke_environment(step)
        python = "python3" if prefix is None else posixpath.join(prefix, "bin", "python")
        yield "if command -v cudadoctor >/dev/null 2>&1; then"
        yield f"  {program} </dev/null"
        yield "else"
        yield f"  {words((python, '-c', _TORCH, device))} </dev/null"
        yield "fi"
    else:
        # Closed input: the script may be on it.
        yield f"{'as_root ' if action.needs_root else ''}{program} </dev/null"


def write(number: int, step: PlanStep, action: WriteFile) -> Iterator[str]:
    """A file: looked at, kept, and replaced at once."""
    through, path = runner(step), word(action.path)
    yield f"shown={word(plain(action.path))}"
    yield f"real_path {path}"
    if action.before is not None:
        yield f'unchanged {through} "${{real}}" {word(action.before)}'
    yield f'keep {through} {number} "${{real}}"'
    if action.delete:
        yield f'{through} rm -f "${{real}}"'
    else:
        yield f"{through} mkdir -p {word(posixpath.dirname(action.path))}"
        yield f'write_file {through} "${{real}}" text_{number}'
    yield f': >"${{state}}/wrote.{number}"'


def fetch(step: PlanStep, action: Fetch) -> Iterator[str]:
    """A download over https, or a copy of a file that is here."""
    through, path = runner(step), plan_parts.absolute(action.path, step)
    yield f"shown={word(plain(path))}"
    rest = f"{through} {word(path)} {action.algorithm} {word(action.digest or '')}"
    if plan_parts.is_local(action):
        yield f"copy {rest} {word(plan_parts.local_path(action))}"
    else:
        yield f"fetch {rest} {word(plan_parts.https_only(action))}"


def runner(step: PlanStep) -> str:
    """The function of the script that a program of this step goes through."""
    return "as_root" if step.needs_root else "as_me"


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
