"""Corrected lines in real shells: with the variable unset, empty and set, read once and twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cudadoctor.api import plans as api_plan
from cudadoctor.remedies.plan import Plan, WriteFile
from tests.machines.builder import build
from tests.machines.healthy import REFERENCE
from tests.machines.parts import Machine
from tests.shells import running

LIB = "/usr/local/cuda-10.1/lib64"
CUPTI = "/usr/local/cuda-10.1/extras/CUPTI/lib64"
BIN = "/usr/local/cuda-10.1/bin"
POSIX = ("bash", "dash", "zsh", "ksh", "mksh", "busybox")
BEFORE: dict[str, dict[str, str]] = {
    "unset": {},
    "empty": {"LD_LIBRARY_PATH": ""},
    "set": {"LD_LIBRARY_PATH": "/keep/a:/keep/b"},
}


def machine(text: str, *, shell: str = "/bin/bash", file: str = "~/.bashrc", **changes: object) -> Machine:
    """The reference machine with this rc file and a shell that has read nothing."""
    found = replace(REFERENCE, name="rc", rc={file: text}, shell=shell, path=(), variables={})
    return replace(found, files={f"{CUPTI}/libcupti.so.10.1": b""}, **changes)  # type: ignore[arg-type]


def written(plan: Plan) -> WriteFile:
    """The one file that the plan writes."""
    found = [step.action for step in plan.steps if isinstance(step.action, WriteFile)]
    assert len(found) == 1, [step.title for step in plan.steps]
    return found[0]


def corrected(text: str, *named: str, **more: str) -> str:
    """What becomes of a file of the user's shell."""
    return written(api_plan.plan_fix(build(machine(text, **more)), named)).text


def library_path(program: str, text: str, folder: Path, before: str, times: int) -> str | None:
    """The variable behind the file, in a program that the shell starts; the shell must print no error."""
    rc = folder / "rc"
    rc.write_text(text, encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", **BEFORE[before]}
    return running.after(program, rc, env, times=times).get("LD_LIBRARY_PATH")


def expected(before: str, first: str, last: str = "") -> str:
    """`first` in front of what was there, `last` behind it, no empty entry."""
    old = BEFORE[before].get("LD_LIBRARY_PATH", "")
    return ":".join(one for one in (first, old, last) if one)


def skip_without(program: str) -> None:
    missing = running.missing(program)
    if missing:
        pytest.skip(missing)


LINES = {
    "empty": (f"export LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH\n", LIB, ""),
    "empty, braces": (f"export LD_LIBRARY_PATH={LIB}:${{LD_LIBRARY_PATH}}\n", LIB, ""),
    "empty, in front": (f"export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:{LIB}\n", "", LIB),
    "the blog's": (
        f'export LD_LIBRARY_PATH=/usr/loacl/cuda-10.1/lib64:"$LD_LIBRARY_PATH:/usr/loacl/cuda-10.1/lib64:{CUPTI}"\n',
        LIB,
        CUPTI,
    ),
    "typo and empty": (
        f"export LD_LIBRARY_PATH=/usr/loacl/cuda-10.1/lib64:{CUPTI}:$LD_LIBRARY_PATH\n",
        f"{LIB}:{CUPTI}",
        "",
    ),
    "with another variable": (
        "CUDA_HOME=/usr/local/cuda-10.1\nexport CUDA_HOME\nexport LD_LIBRARY_PATH=$CUDA_HOME/lib64:$LD_LIBRARY_PATH\n",
        LIB,
        "",
    ),
    "exported behind it": (f"LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH; export LD_LIBRARY_PATH\n", LIB, ""),
    "stubs and empty": (f"export LD_LIBRARY_PATH={LIB}:{LIB}/stubs:$LD_LIBRARY_PATH # cuda\n", LIB, ""),
    "quoted": (f"export LD_LIBRARY_PATH='{LIB}':\"$LD_LIBRARY_PATH\"\n", LIB, ""),
}


@pytest.mark.parametrize("program", POSIX)
@pytest.mark.parametrize("name", LINES)
def test_posix_lines_give_what_is_meant(program: str, name: str, tmp_path: Path) -> None:
    skip_without(program)
    text, first, last = LINES[name]
    new = corrected(text)
    for before in BEFORE:
        for times in (1, 2):
            assert library_path(program, new, tmp_path, before, times) == expected(before, first, last), (new, before)


@pytest.mark.parametrize("program", POSIX)
@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        (f"export LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH\n", LIB, ""),
        (f"export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:{LIB}\n", "", LIB),
        (f"export LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH:{CUPTI}\n", LIB, CUPTI),
    ],
)
def test_the_empty_entry_alone(program: str, line: str, first: str, last: str, tmp_path: Path) -> None:
    """Named alone: without the question whether the directory is there already."""
    skip_without(program)
    new = corrected(line, "ENV002")
    assert "case" not in new
    for before in BEFORE:
        assert library_path(program, new, tmp_path, before, 1) == expected(before, first, last), (new, before)


def test_the_lines_as_they_were_do_harm(tmp_path: Path) -> None:
    """What the test above would find without a correction."""
    assert library_path("bash", LINES["empty"][0], tmp_path, "unset", 1) == f"{LIB}:"
    assert library_path("bash", LINES["empty"][0], tmp_path, "set", 2) == f"{LIB}:{LIB}:/keep/a:/keep/b"


@pytest.mark.parametrize("program", POSIX)
def test_under_set_eu_too(program: str, tmp_path: Path) -> None:
    skip_without(program)
    rc = tmp_path / "rc"
    rc.write_text(corrected(LINES["the blog's"][0]), encoding="utf-8")
    assert running.after(program, rc, {"PATH": "/usr/bin:/bin"}, options="eu")["LD_LIBRARY_PATH"] == f"{LIB}:{CUPTI}"


FISH = {
    "typo": ("set -gx LD_LIBRARY_PATH /usr/loacl/cuda-10.1/lib64 $LD_LIBRARY_PATH\n", LIB, ""),
    "colons": (f"set -gx LD_LIBRARY_PATH /usr/loacl/cuda-10.1/lib64:{CUPTI} $LD_LIBRARY_PATH\n", f"{LIB}:{CUPTI}", ""),
    "appended": ("set -gxa LD_LIBRARY_PATH /usr/loacl/cuda-10.1/lib64\n", "", LIB),
    "stubs": (f"set -x LD_LIBRARY_PATH {LIB} {LIB}/stubs $LD_LIBRARY_PATH # cuda\n", LIB, ""),
}
TCSH = {
    "typo": ('setenv LD_LIBRARY_PATH "/usr/loacl/cuda-10.1/lib64:${LD_LIBRARY_PATH}"\n', LIB, ""),
    "behind": ("setenv LD_LIBRARY_PATH ${LD_LIBRARY_PATH}:/usr/loacl/cuda-10.1/lib64\n", "", LIB),
    "stubs": (f"setenv LD_LIBRARY_PATH {LIB}:{LIB}/stubs:${{LD_LIBRARY_PATH}} # cuda\n", LIB, ""),
    "two": (f"setenv LD_LIBRARY_PATH /usr/loacl/cuda-10.1/lib64:{CUPTI}:${{LD_LIBRARY_PATH}}\n", f"{LIB}:{CUPTI}", ""),
}


@pytest.mark.parametrize("name", FISH)
def test_fish_lines_give_what_is_meant(name: str, tmp_path: Path) -> None:
    skip_without("fish")
    text, first, last = FISH[name]
    new = corrected(text, shell="/usr/bin/fish", file="~/.config/fish/config.fish")
    for before in BEFORE:
        for times in (1, 2):
            assert library_path("fish", new, tmp_path, before, times) == expected(before, first, last), (new, before)


@pytest.mark.parametrize("name", TCSH)
def test_tcsh_lines_give_what_is_meant(name: str, tmp_path: Path) -> None:
    skip_without("tcsh")
    text, first, last = TCSH[name]
    new = corrected(text, shell="/bin/tcsh", file="~/.tcshrc")
    for before in BEFORE:
        for times in (1, 2):
            assert library_path("tcsh", new, tmp_path, before, times) == expected(before, first, last), (new, before)


@pytest.mark.parametrize(
    ("program", "shell", "file", "text"),
    [
        ("bash", "/bin/bash", "~/.bashrc", "CUDA_HOME=/usr/local/cuda-10.1 # the toolkit\n"),
        ("dash", "/bin/sh", "~/.profile", "CUDA_HOME=/usr/local/cuda-10.1\n"),
        ("zsh", "/bin/zsh", "~/.zshrc", "  CUDA_HOME=/usr/local/cuda-10.1\n"),
        ("fish", "/usr/bin/fish", "~/.config/fish/config.fish", "set -g CUDA_HOME /usr/local/cuda-10.1\n"),
        ("fish", "/usr/bin/fish", "~/.config/fish/config.fish", "set CUDA_HOME /usr/local/cuda-10.1\n"),
    ],
)
def test_what_is_exported_reaches_programs(program: str, shell: str, file: str, text: str, tmp_path: Path) -> None:
    skip_without(program)
    rc = tmp_path / "rc"
    rc.write_text(text, encoding="utf-8")
    assert "CUDA_HOME" not in running.after(program, rc, {"PATH": "/usr/bin:/bin"})
    rc.write_text(corrected(text, shell=shell, file=file), encoding="utf-8")
    assert running.after(program, rc, {"PATH": "/usr/bin:/bin"})["CUDA_HOME"] == "/usr/local/cuda-10.1"
