"""One command on a bare machine, end to end: done, done again, taken back; as a script; killed and gone on with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plan.real import repository
from tests.plan.real.flow import APPLY, ENV, INSTALL, assert_installed, assert_same, state
from tests.plan.real.machine import HERE, Machine

Fresh = Callable[[], Machine]


@pytest.fixture(scope="module")
def ends() -> dict[str, dict[str, str]]:
    """The state of a machine after `--apply`, once it is known."""
    return {}


def the_end(reference: Fresh, ends: dict[str, dict[str, str]]) -> dict[str, str]:
    if "apply" not in ends:
        box = reference()
        done = box.cudadoctor(*APPLY)
        assert done.code == 0, done.text
        ends["apply"] = state(box)
    return ends["apply"]


def test_done_then_done_already_then_taken_back(reference: Fresh, ends: dict[str, dict[str, str]]) -> None:
    box = reference()
    before, whole = state(box), box.tree()
    plan = box.cudadoctor(*INSTALL, "--json")
    assert plan.code == 0, plan.text
    assert json.loads(plan.out)["state"] == "planned"
    assert box.tree() == whole, "planning changes nothing"

    done = box.cudadoctor(*APPLY)
    assert done.code == 0, done.text
    assert_installed(box)
    ends["apply"] = state(box)
    check = json.loads(box.cudadoctor("check", "--fast", "--json", "--env", ENV).out)
    assert check["status"] == "healthy", [one["message"] for one in check["findings"]]

    whole = box.tree()
    again = box.cudadoctor(*APPLY)
    assert again.code == 0, again.text
    assert "already" in again.text
    assert_same(whole, box.tree())

    undone = box.cudadoctor("undo", "--yes")
    assert undone.code == 0, undone.text
    assert_same(before, state(box))


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_script_comes_to_the_same_end(reference: Fresh, ends: dict[str, dict[str, str]], shell: str) -> None:
    box = reference()
    made = box.cudadoctor(*INSTALL, "--emit", "sh", "-o", "/tmp/plan.sh")
    assert made.code == 0, made.text
    done = box.run(shell, "/tmp/plan.sh")
    assert done.code == 0, done.text
    assert_installed(box)
    assert_same(the_end(reference, ends), state(box))
    again = box.run(shell, "/tmp/plan.sh")
    assert again.code == 0, again.text
    assert_same(the_end(reference, ends), state(box))


@pytest.mark.parametrize("inside", [False, True], ids=["after", "inside"])
def test_killed_at_each_step_and_gone_on_with(reference: Fresh, ends: dict[str, dict[str, str]], inside: bool) -> None:
    """After each step; and in the middle of each program, by SIGKILL and by a power failure in turn."""
    killed = 0
    for number in range(1, 30):
        when = "end" if not inside else "power" if number % 2 else "process"
        box = reference()
        argv = (sys.executable, str(HERE / "killer.py"), str(Path(box.folder) / "root"), when, str(number))
        done = box.run(*argv, "/usr/local/bin/cudadoctor", *APPLY, outside=True)
        if done.code == 0:
            break
        assert done.code == 137, done.text
        killed += 1
        where = f"killed at {when} {number}"
        resumed = box.cudadoctor("install", "--resume", "--yes")
        at_the_end = when == "end" and "nothing to go on with" in resumed.err  # its last line was written already
        assert resumed.code == 0 or at_the_end, f"{where}: {resumed.text}"
        assert_same(the_end(reference, ends), state(box), where)
    assert killed >= 5, f"only {killed} steps were seen"


def test_killed_and_taken_back(reference: Fresh) -> None:
    for number, when in [(2, "process"), (4, "process"), (6, "process"), (7, "power")]:
        box = reference()
        before = state(box)
        argv = (sys.executable, str(HERE / "killer.py"), str(Path(box.folder) / "root"), when, str(number))
        done = box.run(*argv, "/usr/local/bin/cudadoctor", *APPLY, outside=True)
        assert done.code == 137, done.text
        undone = box.cudadoctor("undo", "--yes")
        assert undone.code == 0, undone.text
        assert_same(before, state(box), f"killed in program {number} by {when}")


def test_the_power_fails_while_dpkg_is_at_work(reference: Fresh, tmp_path: Path) -> None:
    """While a package is unpacked, and while it is configured: gone on with, and taken back."""
    slow = repository.local_repository(tmp_path, slow=True).read_bytes()

    def fresh() -> Machine:
        box = reference()
        box.write(f"/media/{repository.FILE}", slow)
        return box

    apply = [word.replace("/media/cuda/", "/media/") for word in APPLY]
    whole = fresh()
    before = state(whole)
    assert whole.cudadoctor(*apply).code == 0
    end = state(whole)
    broken = set()
    for number in range(1, 5):
        for back in (False, True):
            box = fresh()
            argv = (sys.executable, str(HERE / "killer.py"), str(Path(box.folder) / "root"), "script", str(number))
            assert box.run(*argv, "/usr/local/bin/cudadoctor", *apply, outside=True).code == 137, number
            broken |= {line.strip() for line in box.run("dpkg", "--audit").out.splitlines() if line.endswith(":")}
            done = box.cudadoctor("undo", "--yes") if back else box.cudadoctor("install", "--resume", "--yes")
            where = f"the power failed in script {number}, then {'undo' if back else '--resume'}"
            assert done.code == 0, f"{where}: {done.text}"
            assert_same(before if back else end, state(box), where)
    assert len(broken) >= 2, f"dpkg was left in too few ways: {broken}"
