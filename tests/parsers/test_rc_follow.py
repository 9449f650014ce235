"""Assignments followed as a shell would: checked by hand, and against a real bash."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.facts.shell import RcEffect
from cudadoctor.parsers import rc, rc_context, rc_follow

KNOWN = {"HOME": "/home/u", "CUDA_HOME": "/usr/local/cuda", "EMPTY": ""}
LIB = "LD_LIBRARY_PATH"


def follow(value: str, before: str | None = None, variable: str = LIB) -> tuple[RcEffect, str | None]:
    return rc_follow.follow(value, variable, before, KNOWN.get, ":;" if variable == LIB else ":")


@pytest.mark.parametrize(
    ("value", "adds", "keeps", "empty"),
    [
        ("/a:/b", ("/a", "/b"), False, False),
        ("/a:$LD_LIBRARY_PATH", ("/a",), True, True),
        ("$LD_LIBRARY_PATH:/a", ("/a",), True, True),
        ("/a:${LD_LIBRARY_PATH}:/b", ("/a", "/b"), True, True),
        ("/a${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}", ("/a",), True, False),
        ("/a${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}", ("/a",), True, False),
        ("${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/a", ("/a",), True, False),
        ("${LD_LIBRARY_PATH:-/a}", (), True, False),
        ("/a:", ("/a",), False, True),
        (":/a", ("/a",), False, True),
        ("/a;;/b", ("/a", "/b"), False, True),
        ("", (), False, False),
        ("$LD_LIBRARY_PATH", (), True, False),
        (
            "$CUDA_HOME/lib64:~/lib:${CUDA_HOME}/x",
            ("/usr/local/cuda/lib64", "/home/u/lib", "/usr/local/cuda/x"),
            False,
            False,
        ),
        ("/a${EMPTY:+x}${EMPTY+y}${EMPTY-z}${EMPTY:-w}", ("/ayw",), False, False),
        ("/a~/b", ("/a~/b",), False, False),
    ],
)
def test_by_hand(value: str, adds: tuple[str, ...], keeps: bool, empty: bool) -> None:
    found, _ = follow(value)
    adds_found = tuple(one.text for one in found.adds)
    assert (adds_found, found.keeps, found.leaves_empty, found.unknown) == (
        adds,
        keeps,
        empty,
        (),
    )


@pytest.mark.parametrize(
    "value", ["$(brew --prefix)/lib", "`pwd`/lib", "${NOBODY}/lib", "$1/lib", "${CUDA_HOME%/x}/lib"]
)
def test_what_cannot_be_followed_is_said(value: str) -> None:
    found, after = follow(f"/a:{value}:/b")
    assert [one.text for one in found.adds] == ["/a", "/b"]
    assert after is None
    assert len(found.unknown) == 1
    assert value.replace("{N", "N").startswith(found.unknown[0])


def test_an_earlier_value_fills_the_place() -> None:
    assert not follow("/a:$LD_LIBRARY_PATH", "/old")[0].leaves_empty
    assert follow("/a:$LD_LIBRARY_PATH", "/old")[1] == "/a:/old"
    assert follow("/a:$LD_LIBRARY_PATH", "")[0].leaves_empty


PIECES = st.sampled_from(
    [
        *(
            "/a",
            "/b b",
            ":",
            "::",
            "$LD_LIBRARY_PATH",
            "${LD_LIBRARY_PATH}",
            "$CUDA_HOME",
            "${CUDA_HOME}/x",
            "${EMPTY}",
        ),
        *("~", "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}", "${LD_LIBRARY_PATH:-/d}", "${LD_LIBRARY_PATH+x}"),
        "${EMPTY:-$CUDA_HOME}",
    ]
)


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=6), before=st.sampled_from([None, "", "/old", "/o:/p"]), quoted=st.booleans())
def test_bash_comes_to_the_same(pieces: list[str], before: str | None, quoted: bool) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    written = "".join(pieces)
    if "~" in written or " " in written:
        written = written.replace("~", "") if quoted else written.replace(" ", "_")
    line = f'export {LIB}="{written}"' if quoted else f"export {LIB}={written}"
    env = {name: value for name, value in {**KNOWN, LIB: before}.items() if value is not None}
    done = subprocess.run(
        [bash, "--norc", "-c", f'{line}\nprintf %s "${LIB}"'],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    (found,) = rc.parse(line, "sh", lambda name: name == LIB)
    effect, after = follow(found.value, before)
    assert after == done.stdout
    parts = done.stdout.replace(";", ":").split(":")
    assert effect.leaves_empty == ("" in parts and len(parts) > 1)


@settings(max_examples=200, deadline=None)
@given(value=st.text(alphabet="$`{}():+-~/aLD_ \\\"'\n", max_size=80))
def test_any_text_is_taken(value: str) -> None:
    follow(value)


@pytest.mark.parametrize(
    ("text", "dialect", "conditional", "sources"),
    [
        ("a=1\nif [ -d /x ]; then\n  b=1\nfi\nc=1\n", "sh", {2, 3, 4}, ()),
        ("case $x in\n *:/a:*) ;;\n *) b=1 ;;\nesac\nc=1\n", "sh", {1, 2, 3, 4}, ()),
        ("f() {\n a=1\n}\nb=1\n. ~/.x\nsource /y\n", "sh", {1, 2, 3}, ("~/.x", "/y")),
        ("for x in a; do\n b=1\ndone\nc=1\n", "sh", {1, 2, 3}, ()),
        ("if test -d /x\n  set a 1\nend\nset b 1\nsource /y\n", "fish", {1, 2, 3}, ("/y",)),
        ("if ( -d /x ) then\n setenv A 1\nendif\nsetenv B 1\nif ( 1 ) setenv C 1\n", "csh", {1, 2, 3}, ()),
    ],
)
def test_context(text: str, dialect: str, conditional: set[int], sources: tuple[str, ...]) -> None:
    found = rc_context.context(text, dialect)
    last = max(conditional) + 1
    assert {line for line in found.conditional if line <= last} >= {line for line in conditional if line < last - 1}
    assert last not in found.conditional
    assert found.sources == sources
