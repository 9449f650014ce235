"""Packages, root and sudo: with stand-ins of dpkg, apt and sudo that really are other programs."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.executor.doing import packages
from cudadoctor.executor.run import plan_run, plan_undo
from cudadoctor.executor.system.machine import Machine, NoProgram, command
from cudadoctor.executor.verify.preflight import Objected
from cudadoctor.remedies.plan import Exists, PlanStep
from tests.plan.executing import Stage, plan, write

QUERY = 'cat "{db}"'
APT = """
simulate=; [ "$1" = -s ] && {{ simulate=1; shift; }}
verb=$1; shift; [ "$1" = -y ] && shift; [ "$1" = -- ] && shift
case $verb in
install) for one; do printf 'ii \\t%s\\t1.0\\n' "$one" "$one-lib"; done >>{db}; sed -i 's/old\\t1/old\\t2/' {db};;
purge|remove)
  for one; do echo "Purg $one [1.0]"; [ -n "$simulate" ] && cat {db}.users 2>/dev/null | grep "^Purg"; done
  [ -n "$simulate" ] || for one; do sed -i "/\\t$one\\t/d" {db}; done;;
esac
exit 0
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    database = tmp_path / "db"
    database.write_text("ii \tbash\t5.2\nii \told\t1\nrc \ttk\t0.9\nun \tnever\t\n")
    made.standin("dpkg-query", QUERY.format(db=database))
    made.standin("apt-get", APT.format(db=database))
    made.standin("dpkg", "exit 0")
    made.standin("apt-mark", "exit 0")
    return made


def install(stage: Stage, *names: str) -> PlanStep:
    argv = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", *names)
    return stage.step("install", "", argv=argv, packages=True, needs_root=True)


@pytest.fixture(params=["root", "sudo"])
def machine(request: pytest.FixtureRequest, stage: Stage) -> Machine:
    user = stage.user()
    return user if request.param == "sudo" else replace(stage.machine, uid=0)


def test_just_the_new_packages_are_purged(stage: Stage, machine: Machine) -> None:
    database = stage.base / "db"
    assert plan_run.apply(machine, plan(install(stage, "tk", "extra"))).state == "applied"
    assert "\textra-lib\t" in database.read_text()
    back = plan_undo.undo(machine)
    assert [(item.how, item.path) for item in back.items] == [("purged", "extra extra-lib tk tk-lib")]
    assert "old (1, now 2)" in back.lasting[0]
    left = {line.split("\t")[1] for line in database.read_text().splitlines()}
    assert left == {"bash", "old", "never"}
    # tk's configuration files were there before: it is removed, and not purged.
    assert "apt-get purge -y -- extra extra-lib tk-lib" in stage.called()
    assert "apt-get remove -y -- tk" in stage.called()


def test_packages_that_others_need_are_left(stage: Stage, machine: Machine) -> None:
    assert plan_run.apply(machine, plan(install(stage, "extra"))).state == "applied"
    (stage.base / "db.users").write_text("Purg users-own [3]\n")
    back = plan_undo.undo(machine)
    assert [(item.how, "users-own would be removed with them" in item.reason) for item in back.items] == [
        ("kept", True)
    ]
    assert "\textra\t" in (stage.base / "db").read_text()


def test_root_steps_get_a_clean_environment(stage: Stage, machine: Machine) -> None:
    stage.standin("apt-get", f"env >{stage.base}/seen")
    dirty = {"LD_PRELOAD": "/tmp/x.so", "PYTHONPATH": "/tmp", "HTTPS_PROXY": "http://p:1", "BASH_ENV": "/tmp/y"}
    machine = replace(machine, env={**machine.env, **dirty})
    assert plan_run.apply(machine, plan(install(stage, "x"))).state == "applied"
    seen = dict(line.split("=", 1) for line in (stage.base / "seen").read_text().splitlines() if "=" in line)
    assert not set(seen) & {"LD_PRELOAD", "PYTHONPATH", "BASH_ENV"}
    assert (seen["DEBIAN_FRONTEND"], seen["HTTPS_PROXY"]) == ("noninteractive", "http://p:1")
    assert seen["PATH"] == ":".join(machine.system_dirs)


def test_sudo_stands_before_what_needs_root_and_nothing_else(stage: Stage) -> None:
    machine = stage.user()
    make = stage.step("b", "touch b", done_when=Exists(path=f"{stage.home}/b"))
    if os.geteuid() == 0:  # the home belongs to who runs the test, and that is not the user of the stand-in
        os.chown(stage.home, machine.uid, -1)
    assert plan_run.apply(machine, plan(install(stage, "x"), make)).state == "applied"
    sudo = [line for line in stage.called() if line.startswith("sudo") and "install" in line]
    env, apt = "/usr/bin/env", stage.bin / "apt-get"
    if not os.path.exists(env):
        env = "/bin/env"
    assert sudo == [f"sudo -n -- {env} DEBIAN_FRONTEND=noninteractive {apt} install -y x"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("asks", "run `sudo -v` first, in this terminal"),
        ("refuses", "not in the sudoers file"),
        ("none", "there is no"),
    ],
)
def test_sudo_that_would_ask_refuses_or_is_not_there(stage: Stage, how: str, words: str) -> None:
    machine = stage.user(how) if how != "none" else replace(stage.machine, uid=1000)
    with pytest.raises(Objected, match=words) as caught:
        plan_run.apply(machine, plan(install(stage, "x")))
    assert len(caught.value.objections) == 1
    assert "install needs root" in caught.value.objections[0]
    assert not [line for line in stage.called() if line.startswith("apt-get")]


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "lock-frontend"
    path.touch()
    take = f"f = open({str(path)!r}, 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    script = f"import fcntl, sys; {take}; print(1, flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield path
        holder.communicate()


def test_locked_broken_and_held_are_told_together(stage: Stage, lock: Path) -> None:
    stage.standin("dpkg", "echo 'The following packages are only half configured:'; echo ' cuda-drivers  NVIDIA'")
    stage.standin("apt-mark", "echo cuda-toolkit-10-1; echo other")
    machine = replace(stage.machine, uid=0, locks=(str(lock),))
    with pytest.raises(Objected) as caught:
        plan_run.apply(machine, plan(install(stage, "cuda-toolkit-10-1=10.1.243-1")))
    locked, broken, held = caught.value.objections
    assert f"holds {lock}: wait until it has ended" in locked
    assert "process " in locked
    assert "(cuda-drivers): run `sudo dpkg --configure -a`" in broken
    assert "`sudo apt-mark unhold cuda-toolkit-10-1`" in held
    assert not [line for line in stage.called() if line.startswith("apt-get")]


def test_a_lock_that_nobody_holds_is_free(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with open(tmp_path / "lock") as mine:
        fcntl.flock(mine, fcntl.LOCK_SH)  # another kind of lock, which apt does not look at
        machine = replace(stage.machine, uid=0, locks=(f"{tmp_path}/lock", f"{tmp_path}/none"))
        assert plan_run.apply(machine, plan(install(stage, "x"))).state == "applied"


def test_what_others_may_write_is_not_run_as_root(stage: Stage) -> None:
    machine = stage.user()
    path = stage.standin("helper", "true")
    path.chmod(0o777)
    with pytest.raises(NoProgram, match=f"{path}: may be written by everybody: it is not run as root"):
        command(("helper",), machine, needs_root=True)
    path.chmod(0o755)
    stage.bin.chmod(0o777)
    with pytest.raises(NoProgram, match=f"{stage.bin}: may be written by everybody"):
        command((str(path),), machine, needs_root=True)
    stage.bin.chmod(0o755)
    assert command(("helper",), machine, needs_root=True).argv[-1] == str(path)
    with pytest.raises(NoProgram, match="belongs to another user"):
        command(("helper",), replace(machine, trusted=frozenset((4242,))), needs_root=True)


def test_a_program_of_the_user_is_found_on_path_but_not_for_root(stage: Stage, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "tool").write_text("#!/bin/sh\n")
    (own / "tool").chmod(0o755)
    machine = replace(stage.user(), env={"PATH": f"relative:{own}:/usr/bin"})
    assert command(("tool", "x"), machine).argv == (str(own / "tool"), "x")
    with pytest.raises(NoProgram, match="tool: there is no such program"):
        command(("tool",), machine, needs_root=True)
    with pytest.raises(NoProgram, match="must begin at the root"):
        command(("./tool",), machine)
    with pytest.raises(NoProgram, match="options of env"):
        command(("env", "-i", "tool"), machine)


def test_a_file_of_root_is_written_by_sudo_and_given_back(stage: Stage, tmp_path: Path) -> None:
    """The stand-in lets `install` and `mv` really run."""
    if os.geteuid() != 0:
        pytest.skip("files of root are only written by root")
    machine = stage.user()
    place, old = tmp_path / "etc" / "apt" / "new.list", tmp_path / "old.conf"
    old.write_text("before\n")
    old.chmod(0o640)
    steps = (write("new", place, "deb x\n"), write("old", old, "after\n"))
    rooted = [replace(one, action=replace(one.action, needs_root=True, safety="system")) for one in steps]
    assert plan_run.apply(machine, plan(*rooted)).state == "applied"
    assert (place.read_text(), old.read_text(), oct(old.stat().st_mode)[-3:]) == ("deb x\n", "after\n", "640")
    assert any("mv -fT" in line for line in stage.called())
    assert plan_undo.undo(machine).state == "undone"
    assert not (tmp_path / "etc").exists()
    assert (old.read_text(), oct(old.stat().st_mode)[-3:]) == ("before\n", "640")


def test_what_root_made_is_removed_by_sudo(stage: Stage, tmp_path: Path) -> None:
    machine = stage.user()
    made = tmp_path / "usr" / "cuda-10.1"
    step = stage.step(
        "t",
        f"mkdir -p {made}/bin",
        makes=(str(made),),
        needs_root=True,
        done_when=Exists(path=str(made), what="directory"),
    )
    assert plan_run.apply(machine, plan(step)).state == "applied"
    assert plan_undo.undo(machine).state == "undone"
    assert not (tmp_path / "usr").exists()
    assert any("rm -rf --one-file-system" in line for line in stage.called())


@pytest.mark.parametrize(
    ("argv", "name", "names"),
    [
        ("env A=b apt-get install -y a=1 b:amd64 c/focal", "apt-get", ("a", "b", "c")),
        ("/usr/bin/apt-get -y install ./x.deb /y.deb z", "apt-get", (".", "z")),
        ("dnf install -y a", "dnf", ("a",)),
        ("apt-get update", "apt-get", ()),
    ],
)
def test_words_of_a_package_manager(argv: str, name: str, names: tuple[str, ...]) -> None:
    assert packages.program_of(argv.split()) == name
    assert packages.named(argv.split()) == names
