"""A plan carried out: order, what holds, what is only shown, failure, and everything that stands against it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing.fetch import AGAIN
from cudadoctor.executor.files.journal import Journal, JournalError
from cudadoctor.executor.run import plan_run, plan_undo
from cudadoctor.executor.system import programs
from cudadoctor.executor.verify.preflight import Objected
from cudadoctor.remedies.plan import AllOf, Exists, Prints, Run
from tests.plan.executing import Seen, Stage, fetching, plan, tell, write


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_steps_run_in_order_and_the_journal_has_a_line_before_and_after(stage: Stage) -> None:
    seen = Seen()
    done = plan_run.apply(stage.machine, plan(stage.making("a"), stage.making("b", needs=("a",))), watcher=seen)
    assert (done.state, dict(done.outcomes)) == ("applied", {"a": "done", "b": "done"})
    assert seen.events == [("a", "done"), ("b", "done")]
    events = [json.loads(line) for line in Path(done.journal, "events.jsonl").read_text().splitlines()]
    kinds = [(one["event"], one.get("step")) for one in events if one["event"] != "process"]
    assert kinds == [("start", None), ("begin", "a"), ("end", "a"), ("begin", "b"), ("end", "b"), ("state", None)]
    for path in (done.journal, done.log, os.path.join(done.journal, "plan.json")):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0


def test_a_second_run_does_nothing_says_so_and_leaves_no_folder(stage: Stage) -> None:
    lists = stage.step("lists", "echo x >>counted", needs=())
    steps = plan(lists, stage.making("a", needs=("lists",)), stage.step("smoke", "echo x >>counted", needs=("a",)))
    assert plan_run.apply(stage.machine, steps).state == "applied"
    before = stage.tree()
    seen = Seen()
    again = plan_run.apply(stage.machine, steps, watcher=seen)
    assert again.state == "nothing-to-do"
    assert seen.messages == ["not run again", "", "not run again"]
    assert set(again.outcomes.values()) == {"held"}
    assert "nothing was changed" in (again.note or "")
    assert stage.tree() == before
    assert len(list((stage.state / "runs").iterdir())) == 1


def test_what_holds_is_not_done_again_and_what_only_serves_it_neither(stage: Stage) -> None:
    stage.step("x", "")
    (stage.home / "a").mkdir()
    (stage.home / "a" / "whole").write_text("mine")
    done = plan_run.apply(
        stage.machine, plan(stage.step("lists", "touch listed"), stage.making("a", needs=("lists",)), stage.making("b"))
    )
    assert dict(done.outcomes) == {"lists": "held", "a": "held", "b": "done"}
    assert (stage.home / "a" / "whole").read_text() == "mine"
    assert not (stage.home / "listed").exists()


def test_a_failure_stops_keeps_and_says_what_to_do(stage: Stage) -> None:
    bad = stage.step("bad", "echo first; echo the disk is on fire >&2; exit 7")
    done = plan_run.apply(stage.machine, plan(stage.making("a"), bad, stage.making("c")))
    assert done.state == "failed"
    assert dict(done.outcomes) == {"a": "done", "bad": "failed"}
    for words in (
        "the step bad (bad)",
        "sh ended with 7",
        "the disk is on fire",
        "`cudadoctor install --resume` goes on",
        "`cudadoctor undo` takes",
    ):
        assert words in (done.error or "")
    assert "\n" not in (done.error or "")
    assert (stage.home / "a" / "whole").exists()
    assert b"the disk is on fire" in Path(done.log).read_bytes()


def test_a_success_that_brought_nothing_is_a_failure(stage: Stage) -> None:
    done = plan_run.apply(stage.machine, plan(stage.step("a", "true", done_when=Exists(path=f"{stage.home}/never"))))
    assert done.state == "failed"
    assert "had no effect" in (done.error or "")


def test_all_objections_come_together_and_nothing_is_done(stage: Stage) -> None:
    full = stage.home / "env"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    (stage.home / "folder").mkdir()
    steps = plan(
        stage.making("first"),
        stage.step("none", "", argv=("no-such-program", "x")),
        stage.step("env", "", argv=("sh", "-p", str(full)), makes=(str(full),)),
        write("rc", stage.home / "folder", "x"),
        stage.step("big", "true", disk_mib=1 << 40, disk_at=str(stage.home)),
        stage.step("far", "true", network=("127.0.0.1:1",)),
    )
    with pytest.raises(Objected) as caught:
        plan_run.apply(stage.machine, steps)
    lines = caught.value.objections
    expected = ("no-such-program", f"{full} is there already", "not a regular file", "are free", "cannot be reached")
    for words in expected:
        assert sum(words in line for line in lines) == 1, words
    assert len(lines) == len(expected)
    assert not (stage.home / "first").exists()
    assert not (stage.state / "runs").exists()


def test_a_program_that_an_earlier_step_makes_need_not_be_there(stage: Stage) -> None:
    tool = stage.home / "tools" / "tool"
    script = f"mkdir tools && printf '#!/bin/sh\\necho made >{stage.home}/by-tool\\n' >{tool} && chmod +x {tool}"
    make = stage.step("make", script, makes=(str(tool.parent),), done_when=Exists(path=str(tool), what="executable"))
    use = stage.step("use", "", argv=(str(tool),), done_when=Exists(path=f"{stage.home}/by-tool"))
    assert plan_run.apply(stage.machine, plan(make, use)).state == "applied"
    with pytest.raises(Objected, match="there is no such program"):
        plan_run.apply(
            stage.machine, plan(replace(use, done_when=None, action=Run(argv=("/x/y",), why="", safety="safe")))
        )


@pytest.mark.slow
def test_a_program_that_hangs_while_it_is_asked_is_not_known(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cudadoctor.executor.doing.conditions.DEADLINE", 0.3)
    from cudadoctor.executor.doing import conditions

    hang = Prints(argv=("sh", "-c", "sleep 60 & wait"))
    assert conditions.holds(hang, stage.machine) is None
    assert conditions.holds(AllOf(conditions=(hang, Exists(path="/never"))), stage.machine) is False
    assert (
        conditions.holds(
            AllOf(
                conditions=(
                    hang,
                    Exists(path="/"),
                )
            ),
            stage.machine,
        )
        is False
    )
    assert conditions.holds(Prints(argv=("sh", "-c", "echo ' a '"), text="a"), stage.machine) is True
    assert conditions.holds(Prints(argv=("sh", "-c", "echo b"), text="a"), stage.machine) is False
    assert conditions.holds(Prints(argv=("nothing-of-that-name",)), stage.machine) is False


def test_steps_for_a_person_and_unsafe_ones_are_shown(stage: Stage) -> None:
    steps = plan(stage.making("a"), tell("bios"), stage.making("risky", by_name=True), stage.making("b"))
    done = plan_run.apply(stage.machine, steps)
    assert dict(done.outcomes) == {"a": "done", "bios": "shown", "risky": "shown", "b": "done"}
    named = plan_run.apply(stage.machine, steps, named=("risky",))
    assert named.outcomes["risky"] == "done"


def test_what_needs_a_reboot_waits_for_it(stage: Stage, tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    boot.write_text("one")
    machine = replace(stage.machine, boot_id=str(boot))
    steps = plan(
        stage.making("driver", reboot=True),
        tell("reboot", needs=("driver",)),
        stage.making("torch"),
        stage.making("test", needs=("reboot", "torch")),
    )
    done = plan_run.apply(machine, steps)
    assert (done.state, done.waiting) == ("applied", ("test",))
    assert dict(done.outcomes) == {"driver": "done", "reboot": "shown", "torch": "done", "test": "shown"}
    assert "reboot, then `cudadoctor install --resume`" in (done.note or "")
    assert plan_run.resume(machine).outcomes["test"] == "shown"
    boot.write_text("two")
    after = plan_run.resume(machine)
    assert (after.state, after.outcomes["test"], after.waiting) == ("applied", "done", ())
    with pytest.raises(CudaDoctorError, match="nothing to go on with"):
        plan_run.resume(machine)


def test_another_run_goes_on_meanwhile(stage: Stage) -> None:
    with Journal(str(stage.state)).locked(), pytest.raises(JournalError, match="another cudadoctor"):
        plan_run.apply(stage.machine, plan(stage.making("a")))
    with pytest.raises(CudaDoctorError, match="nothing to go on with"):
        plan_run.resume(stage.machine)


def test_a_state_directory_that_cannot_be_used(stage: Stage) -> None:
    stage.state.write_text("a file where a directory is to be")
    with pytest.raises(JournalError, match=f"{stage.state} cannot be used"):
        plan_run.apply(stage.machine, plan(stage.making("a")))
    assert not (stage.home / "a").exists()


def test_a_home_that_cannot_be_written(needs_mounts: None, stage: Stage) -> None:
    """Read-only for root too: a mount."""
    script = f"""
import subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from cudadoctor.executor.run import plan_run
from cudadoctor.executor.verify.preflight import Objected
from tests.plan.executing import Stage, fetching, plan, write
stage = Stage(Path({str(stage.base / "inner")!r}))
subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,mode=755", "none", str(stage.home)], check=True)
steps = stage.making("a"), write("b", stage.home / "b", "x"), fetching("c", "https://localhost/", stage.home / "c", "0")
try:
    plan_run.apply(stage.machine, plan(*steps))
except Objected as error:
    print(len(error.objections), *error.objections, sep="\\n")
"""
    (stage.base / "inner").mkdir()
    argv = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", script]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[0] == "3", said
    assert all(
        line[:3] == f"{name}: " and "cannot be written" in line
        for name, line in zip("abc", sorted(said[1:]), strict=True)
    )


def test_the_run_that_is_broken_by_its_journal_stops(stage: Stage) -> None:
    """The journal cannot be written after the first step: nothing more is begun."""

    def spoil(event: str, what: str) -> None:
        if (event, what) == ("end", "a"):
            (events,) = (stage.state / "runs").glob("*/events.jsonl")
            events.rename(events.with_name("gone"))
            events.mkdir()

    done = plan_run.apply(stage.machine, plan(stage.making("a"), stage.making("b")), watcher=Seen(spoil))
    assert done.state == "failed"
    assert "cannot be used" in (done.error or "")
    assert not (stage.home / "b").exists()


class TestInterrupted:
    """Ctrl-C, passed on with care."""

    @staticmethod
    def press(line: str, times: int = 1) -> Seen:
        def at(event: str, what: str) -> None:
            if (event, what) == ("output", line):
                for _ in range(times):
                    os.kill(os.getpid(), signal.SIGINT)

        return Seen(at)

    def test_a_program_is_ended_and_the_run_goes_on_later(self, stage: Stage) -> None:
        script = f"[ -e {stage.home}/again ] || {{ touch again; echo now; sleep 60; }}; touch end"
        steps = plan(stage.step("long", script, done_when=Exists(path=f"{stage.home}/end")), stage.making("b"))
        before = signal.getsignal(signal.SIGINT)
        done = plan_run.apply(stage.machine, steps, watcher=self.press("now"))
        assert (done.state, done.outcomes["long"]) == ("interrupted", "failed")
        assert done.error is not None
        assert "sh was interrupted; what was done" in done.error, "what it said last is no reason"
        assert "`cudadoctor install --resume`" in (done.error or "")
        assert signal.getsignal(signal.SIGINT) is before
        assert plan_run.resume(stage.machine).state == "applied"

    def test_one_that_ignores_it_is_killed(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(programs, "GRACE", 0.2)
        step = stage.step("deaf", "trap '' TERM INT; echo $$ >pid; echo now; while :; do sleep 0.1; done")
        done = plan_run.apply(stage.machine, plan(step), watcher=self.press("now"))
        assert done.state == "interrupted"
        pid = int((stage.home / "pid").read_text())
        deadline = time.monotonic() + 10
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not os.path.exists(f"/proc/{pid}")

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["apt-get", "dpkg"])
    def test_package_managers_are_waited_for(self, stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """However often it is pressed: apt is told once and ends in order, dpkg is not even told."""
        monkeypatch.setattr(programs, "GRACE", 0.1)
        told = "trap 'echo told' INT; trap 'echo term' TERM"
        stage.standin(name, f"{told}; echo now; sleep 1; sleep 0.5; echo installed >{stage.home}/installed")
        seen = self.press("now", times=3)
        done = plan_run.apply(
            stage.machine, plan(stage.step("p", "", argv=(name, "x")), stage.making("b")), watcher=seen
        )
        assert (done.state, dict(done.outcomes)) == ("interrupted", {"p": "done"})
        assert (stage.home / "installed").exists()
        assert ("told" in seen.lines) is (name == "apt-get")
        assert "term" not in seen.lines
        assert plan_run.resume(stage.machine).outcomes == {"p": "held", "b": "done"}


def test_much_output_takes_no_memory_and_the_log_has_an_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(programs, "LOG_LIMIT", 1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    script = (
        "yes $(printf 'x%.0s' $(seq 500)) | head -c 50000000; head -c 50000000 /dev/zero | tr '\\0' y; echo; echo last"
    )
    seen = Seen()
    done = plan_run.apply(stage.machine, plan(stage.step("loud", f"{script}; exit 3")), watcher=seen)
    assert done.state == "failed"
    assert "last" in (done.error or "")
    assert max(map(len, seen.lines)) <= programs.LONGEST_LINE
    assert os.stat(done.log).st_size < 2 << 20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 << 10  # KiB; the output is 100 MB


def test_progress_bars_and_broken_bytes_become_lines(stage: Stage) -> None:
    seen = Seen()
    plan_run.apply(stage.machine, plan(stage.step("bar", r"printf '10%%\r20%%\r\nx\377y\nend'")), watcher=seen)
    assert seen.lines == ["10%", "20%", "x\ufffdy", "end"]


def test_a_program_finds_no_terminal_no_input_and_no_folder_of_ours(stage: Stage) -> None:
    seen = Seen()
    step = stage.step("look", "", argv=("sh", "-c", "pwd; cat; echo end"))
    plan_run.apply(stage.machine, plan(step), watcher=seen)
    assert seen.lines == ["/", "end"]


def test_cudadoctor_is_this_one(stage: Stage) -> None:
    seen = Seen()
    machine = replace(stage.machine, env={**stage.machine.env, "PYTHONPATH": ":".join(sys.path)})
    done = plan_run.apply(machine, plan(stage.step("v", "", argv=("cudadoctor", "--version"))), watcher=seen)
    assert done.state == "applied"
    assert seen.lines[0].startswith("cudadoctor")


def test_a_line_of_the_users_own_file_is_kept_where_an_earlier_step_added_one(stage: Stage) -> None:
    """`conda init` between the plan and our block: both end up in the file, and both go again."""
    rc = stage.home / ".bashrc"
    rc.write_text("old\n")
    rc.chmod(0o600)
    from cudadoctor.executor.files.target import digest

    tree = stage.tree()
    steps = plan(
        stage.step(
            "init", "echo conda >>.bashrc", touches=(str(rc),), done_when=Prints(argv=("grep", "conda", str(rc)))
        ),
        write("block", rc, "old\nblock\n", before=digest(b"old\n")),
    )
    assert plan_run.apply(stage.machine, steps).state == "applied"
    assert rc.read_text() == "old\nconda\nblock\n"
    assert plan_undo.undo(stage.machine).state == "undone"
    assert stage.tree() == tree


def test_a_file_that_was_edited_since_the_plan_is_refused(stage: Stage) -> None:
    rc = stage.home / ".bashrc"
    rc.write_text("edited\n")
    with pytest.raises(Objected, match="was changed by something else since the plan was made"):
        plan_run.apply(stage.machine, plan(write("block", rc, "old\nblock\n", before="0" * 64)))
    assert rc.read_text() == "edited\n"


def test_a_step_that_bears_the_condition_of_a_later_one_is_not_judged_by_it(stage: Stage) -> None:
    """`apt-get update` and the installer's download are not done again once what they serve is there."""
    there = Exists(path=f"{stage.home}/a/whole")
    source = stage.base / "with space"
    source.write_text("x")
    fetched = fetching("get", source.as_uri(), stage.home / "got", hashlib.sha256(b"x").hexdigest(), done_when=there)
    lists = stage.step("lists", "echo x >>listed", done_when=there, needs=("get",))
    steps = plan(fetched, lists, stage.making("a", needs=("lists",)))
    assert dict(plan_run.apply(stage.machine, steps).outcomes) == {"get": "done", "lists": "done", "a": "done"}
    (stage.home / "got").unlink()
    assert plan_run.apply(stage.machine, steps).state == "nothing-to-do"


def test_a_test_is_not_among_what_is_taken_back(stage: Stage) -> None:
    smoke = stage.step("smoke", "")
    action = Run(argv=("cudadoctor", "smoke", "--help"), why="", safety="safe")
    assert plan_run.apply(stage.machine, plan(stage.making("a"), replace(smoke, action=action))).state == "applied"
    before = plan_undo.next_plan(stage.machine)
    assert before is not None
    assert [step.id for step in before.steps] == ["a"]
    seen = Seen()
    assert plan_undo.undo(stage.machine, watcher=seen).state == "undone"
    assert seen.events == [("a", "undone")]


def test_a_failed_download_says_once_how_to_go_on(stage: Stage) -> None:
    bad = stage.step("bad", f"echo 'broken off{AGAIN}' >&2; exit 3")
    error = plan_run.apply(stage.machine, plan(bad)).error or ""
    assert error.count("--resume") == 1, error


def test_where_all_waits_for_its_name_that_is_what_is_said(stage: Stage) -> None:
    seen = Seen()
    steps = plan(replace(stage.making("a"), by_name=True), tell("look"), command="fix")
    assert plan_run.apply(stage.machine, steps, watcher=seen).state == "nothing-to-do"
    assert seen.messages == ["not done unless you name it", "for you to do"]
