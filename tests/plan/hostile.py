"""Strings that mean something to a shell, a terminal, a Dockerfile or JSON, in any mixture."""

from __future__ import annotations

from hypothesis import strategies as st

from cudadoctor.compat.source import Source
from cudadoctor.remedies.plan import (
    AllOf,
    Exists,
    Fetch,
    For,
    HasHash,
    Image,
    Plan,
    PlanStep,
    Prints,
    Run,
    Tell,
    WriteFile,
)

TOKENS = (
    "$(touch oops)", "`touch oops`", ";touch oops;", "\ntouch oops\n", "&& touch oops", "|touch oops", "'", '"', "\\",
    "'\"'\"'", "\\\n", "%s%n", "\\n", "\\061", "-n", "--", "-", "${HOME}", "$IFS", "$1", "#", "# ", "*", "?", "[a]",
    "~", "~root", "\r", "\t", "\n", " ", "", "<<EOF\n", "\nEOF\n", "EOF", "!", "!!", "(", ")", "{", "}", "{a,b}", "<x",
    ">oops", "=", "A=b", "\x1b[31m", "\x1b]0;t\x07", "\x07", "\x7f", "\x9b2J", "\u202e", "\u200b", "\u2028", "\ufeff",
    "\udcff", "\udc80", "caf\u00e9", "\U0001f600", "if", "done", "fi", "main", "exit", "\nRUN touch oops\n",
    "\n# escape=`\n", "syntax=docker/dockerfile:1", "[red]", "[/]", "</dev/null", '"]', "\\u0041", "EOT\n", " <<EOF",
    " <<-EOF ",
)  # fmt: skip
_letters = st.characters(exclude_characters="\0", codec="utf-8")
words = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(_letters, max_size=4)), max_size=4).map("".join)
names = words.map(lambda text: text.replace("/", "_")[:40])
"""Parts of a path."""


def _name(text: str) -> str:
    """A name that a directory takes: not empty, not `.` or `..`, and short enough in bytes."""
    cut = text.encode("utf-8", "surrogateescape")[:100].decode("utf-8", "surrogateescape")
    return cut if cut not in ("", ".", "..") else f"_{cut}"


@st.composite
def plans(draw: st.DrawFn, *, base: str, program: str) -> Plan:
    """A plan whose every string is hostile; what it does lies below `base`, and its programs are `program`."""

    def path(prefix: str) -> str:
        return f"{base}/{prefix}{_name(draw(names))}"

    def program_argv() -> tuple[str, ...]:
        return (program, *draw(st.lists(words, max_size=3)))

    def step(number: int, action: Run | WriteFile | Tell | Fetch, **more: object) -> PlanStep:
        values: dict[str, object] = {
            "id": f"{number}{draw(words)}",
            "title": draw(words),
            "why": draw(words),
            "network": (draw(words),),
            "lasting": draw(words),
            "source": Source(title=draw(words), url=draw(words), read_on=draw(words)),
            **more,
        }
        return PlanStep(action=action, **values)  # type: ignore[arg-type]

    condition = AllOf(
        conditions=(
            Prints(argv=program_argv(), text=draw(words)),
            Exists(path=path("e"), what=draw(st.sampled_from(("file", "directory", "executable")))),
            HasHash(path=path("h"), digest=draw(words)),
        )
    )
    steps = (
        step(
            0,
            Run(argv=program_argv(), why=draw(words), safety="safe", needs_root=draw(st.booleans())),
            makes=(path("m"),), touches=(path("t"),),
        ),
        step(1, WriteFile(path=path("w"), text=draw(words), why=draw(words), needs_root=draw(st.booleans()))),
        step(2, Tell(text=draw(words)), done_when=condition),
        step(3, Fetch(url=f"https://{draw(words)}", path=path("f"), digest=None, why=draw(words))),
        step(4, Run(argv=program_argv(), why=draw(words), safety="manual")),
        step(5, Run(argv=program_argv(), why=draw(words), safety="safe")),
    )  # fmt: skip
    return Plan(
        purpose=For(command="install", request=((draw(words), draw(words)),), findings=(draw(words),)),
        title=draw(words),
        steps=steps,
        notes=(draw(words),),
        home=base,
        uid=1000,
        image=Image(base="ubuntu:24.04", why=draw(words)),
    )
