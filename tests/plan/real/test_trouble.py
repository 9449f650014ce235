"""What can be in the way: one clear line each, and nothing half-done that undo does not know."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.plan.real import conda, repository
from tests.plan.real.flow import APPLY, assert_same, state
from tests.plan.real.machine import Done, Machine

Fresh = Callable[[], Machine]

_HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open("/tmp/held", "w").close()
time.sleep(600)
"""
_LOCKED = "python3 /tmp/hold.py /var/lib/dpkg/lock-frontend & while [ ! -e /tmp/held ]; do sleep 0.05; done; "


def assert_one_line(done: Done, *words: str) -> None:
    """It failed, and one line of what it printed for the user holds all the words."""
    assert done.code in (1, 2), done.text
    said = [line for line in done.err.splitlines() if line.startswith("cudadoctor: ")]  # besides the line of the step
    lines = [line for line in said if all(word in line for word in words)]
    assert len(lines) == 1, done.err


def shell(machine: Machine, script: str, *, small: Mapping[str, str] | None = None) -> Done:
    return machine.run("sh", "-c", script, small=small)


def test_apt_is_at_work(reference: Fresh) -> None:
    box = reference()
    box.write("/tmp/hold.py", _HOLD)
    before = state(box)
    done = shell(box, f"{_LOCKED} cudadoctor {shlex.join(APPLY)}")
    assert_one_line(done, "lock-frontend", "python3", "wait")
    assert_same(before, state(box))


def test_dpkg_is_in_the_middle_of_something(reference: Fresh) -> None:
    box = reference()
    repository.package(box.upper / "media", "half", "1.0", scripts={"postinst": "#!/bin/sh\nexit 1\n"})
    assert box.run("dpkg", "-i", "/media/half_1.0_amd64.deb").code != 0
    before = state(box)
    done = box.cudadoctor(*APPLY)
    assert_one_line(done, "half", "dpkg --configure -a")
    assert_same(before, state(box))


def test_a_package_is_held(reference: Fresh) -> None:
    box = reference()
    box.write("/tmp/available", "Package: cuda-toolkit-10-1\nVersion: 10.1.105-1\nArchitecture: amd64\n")
    hold = "dpkg --merge-avail /tmp/available && echo cuda-toolkit-10-1 hold | dpkg --set-selections"
    assert shell(box, hold).code == 0
    before = state(box)
    done = box.cudadoctor(*APPLY)
    assert_one_line(done, "cuda-toolkit-10-1", "held", "apt-mark unhold")
    assert_same(before, state(box))


def test_no_root_and_no_sudo(reference: Fresh) -> None:
    """What needs root is for the administrator; the rest is done, and taken back."""
    box = reference()
    me: dict[str, Any] = {"uid": 1000, "env": {"HOME": "/home/me", "USER": "me", "LOGNAME": "me"}}
    before = state(box)
    done = box.cudadoctor(*APPLY, **me)
    assert done.code == 0, done.text
    assert "administrator" in done.text
    after = state(box)
    mine = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert {name for name in mine if not name.startswith("/home/me/")} == set()
    python = "/home/me/miniforge3/envs/torch-1.4.0-cu101/bin/python"
    assert box.run(python, "-c", "import torch; print(torch.__version__)", **me).out == "1.4.0\n"
    assert box.cudadoctor("undo", "--yes", **me).code == 0
    assert_same(before, state(box))


def test_an_installer_that_is_not_what_its_name_says(reference: Fresh) -> None:
    box = reference()
    name = "Miniforge3-24.11.3-0-Linux-x86_64.sh"
    box.write(f"/media/{name}", conda.INSTALLER, 0o755)
    before = state(box)
    argv = [word.replace(conda.FILE, name) for word in APPLY]
    done = box.cudadoctor(*argv)
    assert_one_line(done, name, "sha256", "published")
    assert not box.file("/root/miniforge3").exists()
    undone = box.cudadoctor("undo", "--yes")
    assert undone.code in (0, 1), undone.text
    assert_same(before, state(box))


def test_a_disk_that_is_too_small(reference: Fresh) -> None:
    box = reference()
    before = state(box)
    done = shell(box, f"cudadoctor {shlex.join(APPLY)}", small={"/root": "size=20m"})
    assert_one_line(done, "/root", "MiB")
    assert_same(before, state(box))


def test_a_disk_that_fills_up(reference: Fresh) -> None:
    """No more inodes after the first ones: the room was there when it was looked at."""
    box = reference()
    before = state(box)
    small = {"/root": "size=20g,nr_inodes=60"}
    script = f"cudadoctor {shlex.join(APPLY)}; code=$?; cudadoctor undo --yes >/tmp/undone 2>&1; echo $? >>/tmp/undone"
    done = shell(
        box, f"{script}; find /root -not -path '/root/.local*' -not -path '/root/.cache*'; exit $code", small=small
    )
    assert_one_line(done, "No space left")
    assert done.out.splitlines()[-1:] == ["/root"], done.text
    assert_same(before, state(box))


def test_no_network(reference: Fresh) -> None:
    box = reference()
    before = state(box)
    at = APPLY.index("--conda-installer")
    done = box.cudadoctor(*APPLY[:at], *APPLY[at + 2 :])
    assert_one_line(done, "github.com")
    assert_same(before, state(box))


def test_two_at_once(reference: Fresh) -> None:
    box = reference()
    first = f"cudadoctor {shlex.join(APPLY)} >/tmp/first 2>&1 & first=$!"
    wait = "while ! ls /root/.local/state/cudadoctor/runs/*/events.jsonl >/dev/null 2>&1; do sleep 0.01; done"
    done = shell(box, f"{first}; {wait}; cudadoctor {shlex.join(APPLY)}; code=$?; wait $first || exit 99; exit $code")
    assert_one_line(done, "another cudadoctor")


@pytest.mark.parametrize("line", ["apt-get", "dpkg"])
def test_a_program_that_is_not_there(reference: Fresh, line: str) -> None:
    box = reference()
    box.run("rm", f"/usr/bin/{line}")
    before = state(box)
    done = box.cudadoctor(*APPLY)
    assert_one_line(done, line)
    assert_same(before, state(box))
