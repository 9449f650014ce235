"""A run that was killed goes on to the same end, and `undo` leaves the files as they were."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing import change, trees
from cudadoctor.executor.files import lines
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.files.target import Writer
from cudadoctor.executor.run import plan_journal, plan_run, plan_undo
from cudadoctor.executor.run.plan_run import Applied
from cudadoctor.executor.verify.preflight import Objected
from cudadoctor.remedies.plan import Exists, Plan, Prints, Run, WriteFile
from tests.plan.executing import Seen, Stage, fetching, plan, write

Answer = TypeVar("Answer")
INSTALLER = b"""#!/bin/sh
# Like conda's: refuses a directory that is there already.
[ -e "$1" ] && { echo "ERROR: File or directory already exists: $1"; exit 1; }
mkdir -p "$1/bin"; echo half; sleep 0.3
mkdir "$1/envs"; chmod 555 "$1/envs"; chmod 755 "$1/envs"; : >"$1/bin/conda"; chmod 755 "$1/bin/conda"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    (made.home / ".bashrc").write_text("mine\n")
    (made.home / ".bashrc").chmod(0o640)
    (made.home / "docs").mkdir(mode=0o750)
    (made.home / "docs" / "paper").write_bytes(b"\xff\x00")
    (made.home / "link").symlink_to("docs")
    return made


def whole(stage: Stage) -> Plan:
    """Of every kind one: fetch, run, touch, write, always run."""
    source = stage.base / "installer.sh"
    source.write_bytes(INSTALLER)
    home = stage.home
    cached, conda, env = home / ".cache/cudadoctor/installer.sh", home / "conda", home / "conda/envs/torch"
    rc = home / ".bashrc"
    settled = Prints(argv=("grep", "-c", "init", str(rc)), text="1")
    return plan(
        fetching("fetch", f"file://{source}", cached, hashlib.sha256(INSTALLER).hexdigest()),
        stage.step(
            "conda",
            "",
            argv=("sh", str(cached), str(conda)),
            needs=("fetch",),
            makes=(str(conda),),
            done_when=Exists(path=f"{conda}/bin/conda", what="executable"),
        ),
        stage.step("init", "echo init >>.bashrc; echo half", touches=(str(rc),), done_when=settled, needs=("conda",)),
        stage.step(
            "env",
            f"mkdir {env}; echo half; echo whole >{env}/whole",
            makes=(str(env),),
            done_when=Exists(path=f"{env}/whole"),
            needs=("conda",),
        ),
        write("config", home / ".config/made/for/torch.conf", "x = \udcff\n", needs=("env",)),
        stage.step("smoke", "echo half; true", needs=("env", "config")),
    )


STEPS = ("fetch", "conda", "init", "env", "config", "smoke")
MOMENTS = [
    *(("begin", name, 1) for name in STEPS),
    *(("end", name, 1) for name in STEPS),
    *(("output", "half", count) for count in range(1, 5)),
]


def killed(action: Callable[[plan_run.Watcher], Applied], moment: tuple[str, str, int]) -> None:
    """Run it in a child that kills itself at that moment, as SIGKILL does: nothing of ours runs any more."""
    child = os.fork()
    if child == 0:
        count = 0

        def at(event: str, what: str) -> None:
            nonlocal count
            if (event, what) == moment[:2]:
                count += 1
                if count == moment[2]:
                    os.kill(os.getpid(), signal.SIGKILL)

        action(Seen(at))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def resumed(stage: Stage) -> Applied:
    """Go on; the program of the killed run may have to come to its end first, and that is said."""
    deadline = time.monotonic() + 10
    while (answer := _tried(lambda: plan_run.resume(stage.machine))) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def _tried(action: Callable[[], Answer]) -> Answer | None:
    try:
        return action()
    except CudaDoctorError as error:
        if "still runs" not in str(error):
            raise
        return None


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda one: "-".join(map(str, one)))
def test_killed_at_any_moment_it_goes_on_to_the_same_end(stage: Stage, moment: tuple[str, str, int]) -> None:
    steps = whole(stage)
    before = stage.tree()
    killed(lambda watcher: plan_run.apply(stage.machine, steps, watcher=watcher), moment)
    if moment == ("begin", "fetch", 1):
        assert stage.tree() == before
    again = resumed(stage)
    assert again.state == "applied", again.error
    after = stage.tree()
    assert ("file", 0o755, b"") in after.values()
    assert after[".bashrc"] == ("file", 0o640, b"mine\ninit\n")
    assert after["conda/envs/torch/whole"] == ("file", 0o644 & ~_mask(), b"whole\n")
    assert after[".config/made/for/torch.conf"] == ("file", 0o644 & ~_mask(), b"x = \xff\n")
    assert not [name for name in after if name.endswith((".part", ".json", ".tmp"))]
    assert plan_run.apply(stage.machine, steps).state == "nothing-to-do"
    assert plan_undo.undo(stage.machine).state == "undone"
    assert stage.tree() == before


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda one: "-".join(map(str, one)))
def test_killed_at_any_moment_it_can_be_taken_back(stage: Stage, moment: tuple[str, str, int]) -> None:
    before = stage.tree()
    killed(lambda watcher: plan_run.apply(stage.machine, whole(stage), watcher=watcher), moment)
    deadline = time.monotonic() + 10
    while (back := _tried(lambda: plan_undo.undo(stage.machine))) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (back.state, [item for item in back.items if item.how == "kept"]) == ("undone", [])
    assert stage.tree() == before
    assert plan_undo.undo(stage.machine).state == "nothing-to-do"


@pytest.mark.parametrize("step", STEPS)
def test_undo_that_is_killed_goes_on(stage: Stage, step: str) -> None:
    before = stage.tree()
    assert plan_run.apply(stage.machine, whole(stage)).state == "applied"
    child = os.fork()
    if child == 0:

        def at(event: str, what: str) -> None:
            if (event, what) == ("end", step):
                os.kill(os.getpid(), signal.SIGKILL)

        plan_undo.undo(stage.machine, watcher=Seen(at))
        os._exit(0)
    os.waitpid(child, 0)
    if step != "fetch":
        with pytest.raises(CudaDoctorError, match="is being taken back"):
            plan_run.resume(stage.machine)
    plan_undo.undo(stage.machine)
    assert stage.tree() == before


def test_a_torn_line_of_the_journal_is_passed_over(stage: Stage) -> None:
    bad = stage.step("bad", f"[ -e {stage.home}/good ]")
    done = plan_run.apply(stage.machine, plan(stage.making("a"), bad))
    events = Path(done.journal, "events.jsonl")
    events.write_bytes(events.read_bytes() + b'{"event": "begin", "step": "b')
    (stage.home / "good").touch()
    again = plan_run.resume(stage.machine)
    assert again.outcomes == {"a": "held", "bad": "done"}
    assert plan_journal.RunFolder(done.journal).history().state == "applied"
    whole_lines = [line["event"] for line in lines.read(str(events))]
    assert whole_lines.count("start") == 2


def test_a_program_that_outlived_the_killed_run_is_waited_for(stage: Stage) -> None:
    """It makes the same directory: two at once would be in each other's way."""
    go, env = stage.base / "go", stage.home / "env"
    script = f"mkdir {env}; echo half; while [ ! -e {go} ]; do sleep 0.05; done; touch {env}/whole"
    step = stage.step("env", script, makes=(str(env),), done_when=Exists(path=f"{env}/whole"))
    killed(lambda watcher: plan_run.apply(stage.machine, plan(step), watcher=watcher), ("output", "half", 1))
    for action in (plan_run.resume, plan_undo.undo):
        with pytest.raises(CudaDoctorError, match=r"the program of env still runs \(process \d+\): wait for its end"):
            action(stage.machine)
    assert env.exists()
    go.touch()
    assert resumed(stage).outcomes == {"env": "held"}
    assert plan_undo.undo(stage.machine).state == "undone"
    assert not env.exists()


def test_a_mode_that_a_step_changed_is_given_back(stage: Stage) -> None:
    before = stage.tree()
    step = stage.step("loose", "chmod 666 .bashrc", touches=(f"{stage.home}/.bashrc",))
    assert plan_run.apply(stage.machine, plan(step)).state == "applied"
    assert stage.tree() != before
    assert plan_undo.undo(stage.machine).state == "undone"
    assert stage.tree() == before


def test_a_step_that_failed_begins_anew_with_nothing_left_of_it(stage: Stage) -> None:
    env = stage.home / "env"
    script = f"mkdir {env}; touch {env}/part; [ -e good ]; touch {env}/whole"
    step = stage.step("env", f"set -e; {script}", makes=(str(env),), done_when=Exists(path=f"{env}/whole"))
    assert plan_run.apply(stage.machine, plan(step)).state == "failed"
    assert (env / "part").exists()
    with pytest.raises(Objected, match="was left by a run that was broken off: `--resume` goes on with it, `undo`"):
        plan_run.apply(stage.machine, plan(step))
    (stage.home / "good").touch()
    assert plan_run.resume(stage.machine).state == "applied"
    assert plan_undo.undo(stage.machine).state == "undone"
    assert not env.exists()


def test_what_was_there_before_is_never_removed(stage: Stage) -> None:
    cache = stage.home / "cache"
    cache.mkdir()
    (cache / "mine").touch()
    step = stage.step("a", f"touch {cache}/theirs; false", makes=(str(cache),))
    assert plan_run.apply(stage.machine, plan(step)).state == "failed"
    assert plan_run.resume(stage.machine).state == "failed"
    assert plan_undo.undo(stage.machine).state == "undone"
    assert (cache / "mine").exists()


@pytest.mark.parametrize("how", ["leaf", "parent", "home"])
def test_nothing_is_removed_through_a_link(stage: Stage, how: str) -> None:
    treasure = stage.home / "docs"
    folder = stage.home / "sub" / "env"
    made = str(stage.home) if how == "home" else str(folder)
    step = stage.step("env", f"mkdir -p {folder}; touch {folder}/paper; false", makes=(made,))
    assert plan_run.apply(stage.machine, plan(step)).state == "failed"
    if how == "leaf":
        (folder / "paper").unlink()
        folder.rmdir()
        folder.symlink_to(treasure)
    elif how == "parent":
        folder.parent.rename(stage.home / "moved")
        folder.parent.symlink_to(stage.base / "other")
        (stage.base / "other" / "env").mkdir(parents=True)
        (stage.base / "other" / "env" / "paper").touch()
    again = plan_run.resume(stage.machine)
    assert again.state == "failed"
    back = plan_undo.undo(stage.machine)
    assert back.state == "undone"
    assert (treasure / "paper").read_bytes() == b"\xff\x00"
    if how == "parent":
        assert (stage.base / "other" / "env" / "paper").exists()
    if how != "home":
        assert [item.how for item in back.items if item.path == made] == ["kept"]
        assert "remove it yourself" in (again.error or "")


def test_what_came_into_a_directory_since_is_left(stage: Stage) -> None:
    assert plan_run.apply(stage.machine, plan(stage.making("env"))).state == "applied"
    (stage.home / "env" / "train.py").write_text("mine")
    back = plan_undo.undo(stage.machine)
    assert [(item.how, "train.py" in item.reason) for item in back.items] == [("kept", True)]
    assert os.listdir(stage.home / "env") == ["train.py"]


def test_an_environment_that_was_made_later_keeps_its_conda(stage: Stage) -> None:
    assert plan_run.apply(stage.machine, whole(stage)).state == "applied"
    (stage.home / "conda/envs/mine").mkdir()
    back = plan_undo.undo(stage.machine)
    assert "came into it since" in next(item.reason for item in back.items if item.path.endswith("conda"))
    assert (stage.home / "conda/bin/conda").exists()
    assert not (stage.home / "conda/envs/torch").exists()


def test_a_file_that_was_edited_since_is_kept_and_told(stage: Stage) -> None:
    rc = stage.home / ".bashrc"
    init = stage.step("init", "echo init >>.bashrc", touches=(str(rc),))
    steps = plan(stage.making("a"), init, write("w", stage.home / "new", "x"))
    assert plan_run.apply(stage.machine, steps).state == "applied"
    rc.write_text("mine\ninit\nedited\n")
    (stage.home / "new").write_text("edited")
    back = plan_undo.undo(stage.machine)
    assert back.state == "undone"
    kept = {item.path: item.reason for item in back.items if item.how == "kept"}
    assert set(kept) == {str(rc), str(stage.home / "new")}
    held = kept[str(rc)].rpartition(" ")[2]
    assert Path(held).read_text() == "mine\n"
    assert not (stage.home / "a").exists()


def test_undo_programs_run_first_and_what_lasts_is_listed(stage: Stage) -> None:
    away = Run(argv=("sh", "-c", f"ls {stage.home}/a >{stage.home}/seen"), why="", safety="safe")
    steps = plan(
        stage.making("a", undo=(away,), lasting="the cache of a stays"), stage.making("b", undo=(), lasting=None)
    )
    assert plan_run.apply(stage.machine, steps).state == "applied"
    back = plan_undo.undo(stage.machine)
    assert (stage.home / "seen").read_text() == "whole\n"
    assert back.lasting == ("the step a: the cache of a stays",)
    assert [item.how for item in back.items] == ["removed", "ran", "removed"]


def test_an_undo_program_that_fails_stops_and_is_tried_again(stage: Stage) -> None:
    away = Run(argv=("sh", "-c", f"[ -e {stage.home}/may ]"), why="", safety="safe")
    assert plan_run.apply(stage.machine, plan(stage.making("a", undo=(away,)))).state == "applied"
    back = plan_undo.undo(stage.machine)
    assert (back.state, (stage.home / "a").exists()) == ("failed", True)
    assert "the step a (a) was not taken back" in (back.error or "")
    (stage.home / "may").touch()
    assert plan_undo.undo(stage.machine).state == "undone"
    assert not (stage.home / "a").exists()


def test_the_newest_first_whatever_it_is_and_by_name(stage: Stage) -> None:
    rc = stage.home / ".bashrc"
    first = plan_run.apply(stage.machine, plan(stage.making("a")))
    journal = Journal(str(stage.state))
    writing = WriteFile(path=str(rc), text="mine\nblock\n", why="")
    change.perform([writing], Writer(uid=os.geteuid(), home=str(stage.home)), journal, "shell --apply")
    plan_run.apply(stage.machine, plan(stage.making("b")))
    plan_run.apply(stage.machine, plan(stage.making("c")))
    name = os.path.basename(first.journal)
    assert plan_undo.undo(stage.machine).journal.rpartition("/")[2] != name
    assert sorted(os.listdir(stage.home))[-3:] == ["b", "docs", "link"]
    assert plan_undo.undo(stage.machine).state == "undone"
    assert rc.read_text() == "mine\nblock\n"
    assert plan_undo.undo(stage.machine).what == "shell --apply"
    assert rc.read_text() == "mine\n"
    with pytest.raises(CudaDoctorError, match="is no run in"):
        plan_undo.undo(stage.machine, "20010101T000000Z-00000000")
    assert plan_undo.undo(stage.machine, name[-8:]).state == "undone"
    with pytest.raises(CudaDoctorError, match="taken back already"):
        plan_undo.undo(stage.machine, first.journal)
    assert plan_undo.undo(stage.machine).state == "nothing-to-do"


def test_what_the_user_put_there_between_two_tries_is_never_the_runs_own(stage: Stage) -> None:
    """An environment of the user's in the conda that a run made: neither the next try nor `undo` removes it."""
    broken = stage.step("last", "test -e fixed", needs=("env",))
    steps = whole(stage)
    steps = replace(steps, steps=(*steps.steps, broken))
    assert plan_run.apply(stage.machine, steps).state == "failed"
    thesis = stage.home / "conda/envs/mine/thesis"
    thesis.parent.mkdir()
    thesis.touch()
    (stage.home / "fixed").touch()
    assert plan_run.resume(stage.machine).state == "applied"
    assert plan_undo.undo(stage.machine).state == "undone"
    assert thesis.exists()
    assert not (stage.home / "conda/envs/torch").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_second_try_does_not_remove_what_came_after_the_first(stage: Stage, there: bool) -> None:
    """Into a directory that a failed step had made, or in the place of one that it had not come to make."""
    env = stage.home / "env"
    script = f"{f'mkdir -p {env}/envs && ' if there else ''}test -e {stage.home}/fixed && mkdir -p {env}"
    only = stage.step("env", script, makes=(str(env),), done_when=Exists(path=str(env / "whole")))
    first = stage.making("a")
    assert plan_run.apply(stage.machine, plan(first, only)).state == "failed"
    mine = env / "envs/mine" if there else env / "mine"
    mine.mkdir(parents=True)
    (stage.home / "fixed").touch()
    again = plan_run.resume(stage.machine)
    assert again.state == "failed"
    assert "is not removed: move it away" in (again.error or "")
    back = plan_undo.undo(stage.machine)
    assert [item.how for item in back.items if item.path == str(env)] == ["kept"]
    assert mine.exists()


def test_a_place_that_is_taken_while_the_plan_runs_is_left_alone(stage: Stage) -> None:
    """As `conda create -y -p` would replace what lies there."""
    env = stage.home / "env"
    argv = ("sh", "-c", 'rm -rf "$1"; mkdir "$1"; : >"$1/whole"', "sh", str(env))
    make = stage.step("env", "", argv=argv, makes=(str(env),), done_when=Exists(path=str(env / "whole")))

    def at(event: str, what: str) -> None:
        if (event, what) == ("begin", "env"):
            env.mkdir()
            (env / "thesis").touch()

    result = plan_run.apply(stage.machine, plan(stage.making("a"), make), watcher=Seen(at))
    assert result.state == "failed"
    assert "is there already" in (result.error or "")
    assert plan_undo.undo(stage.machine).state == "undone"
    assert (env / "thesis").exists()


def test_edits_after_a_kill_at_the_very_end_of_a_step_are_kept(stage: Stage) -> None:
    """Killed between the step's work and its line in the journal, gone on with, edited, taken back."""
    rc = stage.home / ".bashrc"
    seen = Prints(argv=("grep", "-q", "init", str(rc)))
    init = stage.step("init", "echo init >>.bashrc", touches=(str(rc),), done_when=seen)
    last = stage.making("last", needs=("init",))
    assert plan_run.apply(stage.machine, plan(init, last)).state == "applied"
    events = Path(plan_journal.all_runs(str(stage.state))[0].path) / "events.jsonl"
    rows = events.read_text().splitlines(keepends=True)
    end = next(number for number, row in enumerate(rows) if '"end"' in row)
    events.write_text("".join(rows[:end]))
    (stage.home / "last" / "whole").unlink()
    (stage.home / "last").rmdir()
    assert plan_run.resume(stage.machine).state == "applied"
    rc.write_text("mine\ninit\nedited for weeks\n")
    back = plan_undo.undo(stage.machine)
    assert [item.how for item in back.items if item.path == str(rc)] == ["kept"]
    assert "edited for weeks" in rc.read_text()


def test_the_order_of_runs_is_kept_when_the_clock_goes_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan_run.apply(stage.machine, plan(stage.making("a"))).state == "applied"
    monkeypatch.setattr(lines, "now", lambda: "1970-01-01T00:00:01.000000Z")
    for name in ("b", "c"):
        assert plan_run.apply(stage.machine, plan(stage.making(name))).state == "applied"
    for name in ("c", "b", "a"):
        assert plan_undo.undo(stage.machine).state == "undone"
        assert not (stage.home / name).exists()


def test_a_line_is_whole_or_the_disk_is_said_to_be_full(stage: Stage) -> None:
    """A write may take a part of a line and tell so by its number alone."""
    script = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from cudadoctor.executor.files import lines
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
try:
    lines.append({str(stage.base / "events")!r}, {{"event": "begin", "step": "a"}})
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "refused\n"


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (b"/home/li/with\\040space", "/home/li/with space"),
        ("/home/\u674e/env".encode(), "/home/\u674e/env"),
        (b"/a\\134b", "/a\\b"),
        (b"/\xff", "/\udcff"),
    ],
)
def test_the_places_of_mounts_are_read_as_they_are(field: bytes, place: str) -> None:
    assert trees.mount_place(field) == place


def test_a_mount_in_it_is_never_removed(needs_mounts: None, stage: Stage) -> None:
    """In a mount namespace of its own: a directory that was made holds a mount when it is taken back."""
    script = f"""
import os, subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from typing import TypeVar
from cudadoctor.executor.run import plan_run, plan_undo
from tests.plan.executing import Stage, plan
stage = Stage(Path({str(stage.base / "inner")!r}))
assert plan_run.apply(stage.machine, plan(stage.making("env"))).state == "applied"
data = stage.home / "env" / "with space"
data.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "none", str(data)], check=True)
(data / "thesis").touch()
back = plan_undo.undo(stage.machine)
assert (data / "thesis").exists()
assert "is a mount in it" in back.items[0].reason, back
"""
    (stage.base / "inner").mkdir()
    subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, "-c", script], check=True)


def _mask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_the_state_needs_no_home_that_can_be_written(stage: Stage) -> None:
    """Where the state cannot be kept nothing is done."""
    machine = replace(stage.machine, state="/proc/cudadoctor")
    with pytest.raises(CudaDoctorError, match="/proc/cudadoctor cannot be used"):
        plan_run.apply(machine, plan(stage.making("a")))
    assert not (stage.home / "a").exists()
