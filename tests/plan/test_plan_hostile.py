"""No form of a plan can be turned against its reader by a string in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cudadoctor.remedies.plan import Fetch, Plan, Run, WriteFile
from cudadoctor.render.clean import command
from cudadoctor.render.plan import dockerfile as plan_docker
from cudadoctor.render.plan import json as plan_json
from cudadoctor.render.plan import shell_script as plan_sh
from cudadoctor.render.plan import text as plan_text
from cudadoctor.render.text_draw import Look
from tests.plan.dockerfile import instructions, run_argv
from tests.plan.hostile import plans, words

HIDDEN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of what controls, ends a line, or is half a character."""
TURNS = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
"""Its classes of what turns the direction of the text around it."""


def moves(letter: str) -> bool:
    return unicodedata.category(letter) in HIDDEN or unicodedata.bidirectional(letter) in TURNS or letter == "\u00ad"


SHELLS = [argv for argv in (["dash"], ["bash"], ["busybox", "sh"], ["ksh"], ["mksh"]) if shutil.which(argv[0])]
REAL = ("id", "mkdir", "chmod", "cat", "mv", "rm", "cp", "tee", "cmp", "sha256sum", "readlink", "test", "env", "printf")
NOTES = """#!{python} -IS
import os, sys
with open({log!r}, "ab") as log:
    log.write(b"\\0".join([b"{name}", *map(os.fsencode, sys.argv[1:])]) + b"\\0\\1\\0")
{more}
"""
CURL = 'open(sys.argv[sys.argv.index("-o") + 1], "wb").write(b"data")'
SUDO = "os.execv(sys.argv[2], sys.argv[2:]) if '/' in sys.argv[2] else os.execvp(sys.argv[2], sys.argv[2:])"


class Place:
    """A home that is made anew for each plan, and a PATH of which everything is known."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.log = base / "log"
        self.path = base / "programs"
        self.path.mkdir()
        for name in REAL:
            found = shutil.which(name)
            assert found is not None
            (self.path / name).symlink_to(found)
        self.program = base / "program"
        self.noting(self.program, "program", "")
        self.noting(self.path / "curl", "curl", CURL)
        self.noting(self.path / "sudo", "sudo", SUDO)
        self.noting(self.path / "touch", "touch", "")

    def noting(self, path: Path, name: str, more: str) -> None:
        path.write_text(NOTES.format(python=os.path.realpath(sys.executable), log=str(self.log), name=name, more=more))
        path.chmod(0o755)

    def fresh(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.log.write_bytes(b"")

    def noted(self) -> list[tuple[str, ...]]:
        records = self.log.read_bytes().split(b"\0\1\0")[:-1]
        return [tuple(os.fsdecode(word) for word in record.split(b"\0")) for record in records]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("hostile"))


def expected(plan: Plan, *, looks: bool = True) -> list[tuple[str, ...]]:
    """What is to be run, in order, without sudo's own notes."""
    found: list[tuple[str, ...]] = []
    for step in plan.steps:
        if step.done_when is not None and looks:
            argv = step.done_when.conditions[0].argv  # type: ignore[union-attr]
            found.append(("program", *argv[1:]))
        if isinstance(step.action, Run) and step.action.safety == "safe":
            found.append(("program", *step.action.argv[1:]))
        if isinstance(step.action, Fetch):
            found.append(("curl", step.action.url))
    return found


@pytest.mark.slow
@given(data=st.data(), shell=st.sampled_from(SHELLS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_exactly_the_argv_of_the_plan_arrives(place: Place, data: st.DataObject, shell: list[str]) -> None:
    plan = data.draw(plans(base=str(place.home), program=str(place.program)))
    place.fresh()
    script = plan_sh.render(plan)
    assert script.isascii()
    assert not set(script) & {chr(number) for number in (*range(9), *range(11, 32), 127)}
    argv0 = shutil.which(shell[0])
    assert argv0 is not None
    done = subprocess.run(
        [argv0, *shell[1:]], input=script.encode(), cwd=place.home, capture_output=True, timeout=60, check=False,
        env={"HOME": str(place.home), "PATH": str(place.path), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    noted = place.noted()
    ran = [("curl", line[-1]) if line[0] == "curl" else line for line in noted if line[0] != "sudo"]
    assert ran == expected(plan)
    for line in noted:
        if line[0] == "sudo":
            assert line[1] == "--"
            assert line[2] in (str(place.program), *REAL)
    written = [step.action for step in plan.steps if isinstance(step.action, WriteFile)]
    for one in written:
        assert Path(one.path).read_bytes() == one.text.encode("utf-8", "surrogateescape")
    assert not (place.home / "oops").exists()
    printed = done.stdout + done.stderr
    assert not set(printed) & {*range(9), *range(11, 32), 127}, "nothing that moves the cursor"
    made = {path.name for path in place.home.iterdir()} - {".local"}
    paths = {Path(step.action.path).name for step in plan.steps if isinstance(step.action, WriteFile | Fetch)}
    assert made == paths


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_dockerfile_runs_exactly_the_argv_of_the_plan(place: Place, data: st.DataObject) -> None:
    plan = data.draw(plans(base=str(place.home), program="program"))
    place.fresh()
    place.noting(place.path / "program", "program", "")
    text = plan_docker.render(plan)
    assert text.isascii()
    assert not set(text) & {chr(number) for number in (*range(10), *range(11, 32), 127)}
    env = {"HOME": str(place.home), "PATH": str(place.path), "LC_ALL": "C.UTF-8"}
    ran = [run_argv(rest) for name, rest in instructions(text) if name == "RUN"]
    for argv in ran[1:]:  # not apt-get's
        program = shutil.which(argv[0], path=str(place.path)) or argv[0]
        done = subprocess.run([program, *argv[1:]], env=env, cwd=place.home, capture_output=True, check=False)
        assert done.returncode == 0, (argv, done.stderr)
    noted = [("curl", line[-1]) if line[0] == "curl" else line for line in place.noted()]
    added = [("curl", rest.split(" ")[0]) for name, rest in instructions(text) if name == "ADD"]
    wanted = [line for line in expected(plan, looks=False) if line not in added]
    assert noted == wanted, "all but the condition, which an image does not need"
    for step in plan.steps:
        if isinstance(step.action, WriteFile):
            assert Path(step.action.path).read_bytes() == step.action.text.encode("utf-8", "surrogateescape")
    assert not (place.home / "oops").exists()


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_text_moves_no_cursor_and_each_command_is_pasted_whole(data: st.DataObject) -> None:
    plan = data.draw(plans(base="/home/me", program="/usr/bin/program"))
    diff = ("--- a", "+++ b", f"+{data.draw(words)}")
    for verbosity in (-1, 0, 1):
        look = Look(width=60, verbosity=verbosity)
        diffs = {plan.steps[1].id: diff} if data.draw(st.booleans()) else {}
        text = plan_text.render(plan, look, diffs=diffs)
        assert not [letter for letter in text if letter != "\n" and moves(letter)]
        if verbosity >= 0:
            for step in plan.steps:
                if isinstance(step.action, Run):
                    start = "sudo " if step.needs_root else ""
                    assert f" {start}{command(step.action.argv)}\n".replace(" \n", "\n") in text.replace(" \n", "\n")


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_json_gives_back_what_it_was_given(data: st.DataObject) -> None:
    plan = data.draw(plans(base="/home/me", program="/usr/bin/program"))
    text = plan_json.render(plan)
    assert text.isascii()
    found = json.loads(text)
    for step, shown in zip(plan.steps, found["steps"], strict=True):
        if isinstance(step.action, Run):
            assert shown["argv"] == [one.encode("utf-8", "replace").decode() for one in step.action.argv]
