"""`install`, `fix` and `undo` as a user starts them, over stand-ins for the planner and the executor."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.plan.plans import FIX, IMPOSSIBLE, REFERENCE, VENV

ROOT = Path(__file__).resolve().parents[2]


class Tool:
    """The command line, what it is to meet, and what it asked for."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.log = base / "asked"
        self.env = {
            "HOME": str(base), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "STAND_IN_LOG": str(self.log),
            "TERM": "xterm", "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.plan.stand_in", *words]

    def run(self, *words: str, stdin: str = "", **wanted: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env={**self.env, "STAND_IN": json.dumps(wanted)}, input=stdin, capture_output=True,
            text=True, timeout=60, check=False, cwd=self.base,
        )  # fmt: skip

    def on_terminal(self, *words: str, answer: str = "", **wanted: Any) -> tuple[int, str]:
        """Exit code and all that was shown; `answer` is typed when a question stands there."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.base)
            os.execve(sys.executable, self.command(*words), {**self.env, "STAND_IN": json.dumps(wanted)})
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(terminal, 1 << 16)
            except OSError:
                break
            if not part:
                break
            shown += part
            if b"[y/N] " in shown and answer:
                os.write(terminal, f"{answer}\n".encode())
                answer = ""
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), shown.decode()

    def asked(self, name: str) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [found for line in lines if (found := json.loads(line))["asked"] == name]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path)


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("cudadoctor: ")
    return done.stderr


def test_a_plan_is_printed_and_nothing_is_done(tool: Tool) -> None:
    done = tool.run("install", holds={"env-create": True})
    assert done.returncode == 0
    assert done.stdout.startswith(VENV.title)
    assert "✓ 1. Make the environment · done already" in done.stdout
    assert "--apply does it" in done.stdout
    assert done.stderr == ""
    assert not tool.asked("apply_plan")


def test_every_option_arrives(tool: Tool) -> None:
    done = tool.run(
        "install", "--torch", "1.4.0", "--cuda", "10.1", "--python", "3.7", "--manager", "conda", "--env", "t",
        "--toolkit", "--no-driver", "--gpu", "GTX 1080 Ti", "--arch", "6.1", "--with", "torchvision", "--style",
        "published", "--conda", "anaconda=2019.10", "--as-published", "--local-repo", "r.deb", "--conda-installer",
        "i.sh", "--channel", "a", "--channel", "file:///b", "--index-url", "https://i", "--find-links", "/w",
        "--no-shell-lines", "--no-smoke", "--timeout", "7",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (asked,) = tool.asked("plan_install")
    assert asked["options"] == {
        "env": "t", "toolkit": True, "driver": False, "conda": "anaconda=2019.10", "as_published": True,
        "local_repo": "r.deb", "conda_installer": "i.sh", "channels": ["a", "file:///b"], "index_url": "https://i",
        "find_links": "/w", "shell_lines": False, "smoke": False,
    }  # fmt: skip
    words = {name: value for name, value in asked["words"].items() if value}
    assert words == {
        "torch": "1.4.0", "cuda": "10.1", "python": "3.7", "manager": "conda", "gpus": ["GTX 1080 Ti"],
        "archs": ["6.1"], "packages": "torchvision", "style": "published",
    }  # fmt: skip
    assert asked["timeout"] == 7.0
    tool.log.unlink()
    assert tool.run("install").returncode == 0
    options = tool.asked("plan_install")[0]["options"]
    assert (options["toolkit"], options["driver"], options["shell_lines"], options["smoke"]) == (None, None, None, True)


@pytest.mark.parametrize("words", [("--emit", "json"), ("--json",), ("--json", "--emit", "json")])
def test_json(tool: Tool, words: tuple[str, ...]) -> None:
    done = tool.run("install", *words, holds={"env-create": True})
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["schema"], found["state"]) == ("cudadoctor.plan/1", "planned")
    assert [step["done"] for step in found["steps"]] == [True, None, None]


def test_a_script_and_a_dockerfile(tool: Tool) -> None:
    script = tool.run("install", "--emit", "sh", "-o", "plan.sh")
    assert (script.returncode, script.stdout) == (0, "")
    assert (tool.base / "plan.sh").read_text().startswith("#!/bin/sh\n")
    docker = tool.run("install", "--emit", "dockerfile")
    assert docker.returncode == 0
    assert "\nFROM ubuntu:24.04\n" in docker.stdout
    assert "no Dockerfile of a fix" in one_line(tool.run("fix", "--emit", "dockerfile"), 2)


def test_what_is_impossible(tool: Tool) -> None:
    done = tool.run("install", plan="impossible")
    assert done.returncode == 1
    assert done.stdout.startswith("✗ Impossible: ")
    for form in ("sh", "dockerfile"):
        said = one_line(tool.run("install", "--emit", form, plan="impossible"), 1)
        assert IMPOSSIBLE.impossible is not None
        assert IMPOSSIBLE.impossible in said
        assert "--emit text shows what works instead" in said
    assert tool.run("install", "--json", plan="impossible").returncode == 1
    applied = tool.run("install", "--apply", "--yes", plan="impossible")
    assert applied.returncode == 1
    assert "nothing was changed" in applied.stderr
    assert not tool.asked("apply_plan")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("install", "--apply", "--emit", "sh"), "--apply and --emit sh exclude each other"),
        (("install", "--json", "--emit", "sh"), "--json and --emit sh exclude each other"),
        (("install", "--apply", "--from", "x"), "--from makes one for another"),
        (("fix", "--apply", "--report", "x"), "--report makes one for another"),
        (("fix", "--from", "x", "--report", "y"), "--from and --report exclude each other"),
        (("install", "--yes"), "--yes goes with --apply"),
        (("install", "--apply", "-o", "x"), "only as --json"),
        (("install", "--resume", "--cuda", "10.1"), "--cuda does not go with it"),
        (("install", "--resume", "--no-smoke"), "does not go with it"),
        (("install", "--resume", "--emit", "sh"), "--emit does not go with it"),
        (("fix", "--resume", "TR001"), "CODES does not go with it"),
        (("install", "--from", "x", "--local-repo", "y"), "--local-repo names a file of this machine"),
        (("install", "--emit", "yaml"), "yaml"),
        (("fix", "--report", "nowhere"), "cannot read `nowhere`"),
        (("install", "--apply"), "no terminal to ask on, and nothing was changed: --yes does it"),
        (("install", "--apply", "--json"), "--yes does it"),
    ],
)
def test_what_does_not_go_together_is_one_line(tool: Tool, words: tuple[str, ...], says: str) -> None:
    done = tool.run(*words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr
    assert not tool.asked("apply_plan")
    assert not tool.asked("resume")


def test_applied(tool: Tool) -> None:
    done = tool.run("install", "--apply", "--yes")
    assert done.returncode == 0
    assert done.stdout.startswith(VENV.title)
    assert f"Done: {VENV.title}" in done.stdout
    assert done.stdout.endswith("To use it: source /home/me/torch/bin/activate\n")
    assert done.stdout.count("bin/activate") == 1
    assert "--emit" not in done.stdout
    lines = done.stderr.splitlines()
    assert lines[:3] == [
        "✓ [1/3] Make the environment (2 s)", "✓ [2/3] Install torch 2.13.0 (2 s)",
        "✓ [3/3] Test that torch computes (2 s)",
    ]  # fmt: skip
    assert "cudadoctor: log: /state/log" in lines
    assert "cudadoctor: `cudadoctor undo` takes it back" in lines
    assert "output" not in done.stderr


def test_with_v_the_programs_are_heard_and_with_q_nothing_is(tool: Tool) -> None:
    loud = tool.run("install", "--apply", "--yes", "-v")
    assert loud.stderr.count("    some output\\x07\n") == 3
    quiet = tool.run("install", "--apply", "--yes", "-q")
    assert quiet.returncode == 0
    assert quiet.stderr == ""


def test_failed(tool: Tool) -> None:
    error = "Test that torch computes (smoke): it broke; what was done is kept: `--resume` goes on"
    done = tool.run("install", "--apply", "--yes", state="failed", error=error)
    assert done.returncode == 1
    assert "✗ [3/3] Test that torch computes: failed (2 s)" in done.stderr
    assert done.stderr.count("it broke") == 1, "why is said once, with what to do"
    assert "3 steps: 2 done, 1 failed\n" in done.stdout
    assert "To use it" not in done.stdout
    assert f"cudadoctor: {error}\n" in done.stderr
    assert "takes it back" not in done.stderr.replace(error, "")
    assert "Failed: " in done.stdout
    found = tool.run("install", "--apply", "--yes", "--json", state="failed", error=error)
    assert found.returncode == 1
    document = json.loads(found.stdout)
    assert (document["state"], document["error"], document["log"]) == ("failed", error, "/state/log")
    assert [step["outcome"] for step in document["steps"]] == ["done", "done", "failed"]


def test_interrupted_and_gone_on_with(tool: Tool) -> None:
    assert tool.run("install", "--apply", "--yes", state="interrupted", error="x").returncode == 130
    done = tool.run("install", "--resume")
    assert done.returncode == 0
    assert tool.asked("resume")
    assert f"Done: {VENV.title}" in done.stdout
    assert tool.run("fix", "--apply", "--yes", "--resume", "-v").returncode == 0


def test_what_waits_is_said(tool: Tool) -> None:
    note = "reboot, then `--resume` does the step that waits"
    done = tool.run("install", "--apply", "--yes", plan="reference", waiting=["smoke"], note=note)
    assert done.returncode == 0
    assert f"Done so far: {REFERENCE.title}" in done.stdout
    assert "For you to do: Reboot" in done.stdout
    assert "☞ [2/11] Reboot: for you (2 s)" in done.stderr
    assert f"cudadoctor: {note}" in done.stderr
    assert "To use it" not in done.stdout, "not before it is there"


def test_every_objection_has_its_line(tool: Tool) -> None:
    done = tool.run("install", "--apply", "--yes", objects=["the disk is full", "there is no network"])
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "cudadoctor: the disk is full", "cudadoctor: there is no network", "cudadoctor: nothing was changed",
    ]  # fmt: skip
    one = tool.run("install", "--apply", "--yes", "-q", objects=["the disk is full"])
    assert (one.returncode, one.stderr) == (1, "cudadoctor: nothing was changed: the disk is full\n")


def test_nothing_to_do_is_not_asked_for(tool: Tool) -> None:
    done = tool.run("install", "--apply", holds="all", state="nothing-to-do")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert "To use it: source /home/me/torch/bin/activate" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130), ("", 130)])
def test_it_asks_once_on_a_terminal(tool: Tool, answer: str, code: int) -> None:
    done, shown = tool.on_terminal("install", "--apply", answer=answer or " ", slow=0.6)
    assert done == code
    assert shown.count("[y/N]") == 1
    assert shown.index(VENV.title[:20]) < shown.index("Do these 3 steps? [y/N]")
    assert bool(tool.asked("apply_plan")) == (code == 0)
    if code == 0:
        assert "\r\x1b[K  [1/3] Make the environment" in shown, "one line that is drawn again"
        assert "some output" in shown
        assert "\x07" not in shown
        assert "\r\x1b[K✓ [1/3] Make the environment (2 s)\r\n" in shown


def test_fix_names_and_pastes(tool: Tool) -> None:
    done = tool.run("fix", "TR001,uvm-module-not-loaded", "DRV")
    assert done.returncode == 0
    assert done.stdout.startswith(FIX.title)
    assert tool.asked("plan_fix")[0]["named"] == ["TR001", "uvm-module-not-loaded", "DRV"]
    assert "☞ 2. Load nvidia_uvm · only when named" in done.stdout
    assert "\n  cudadoctor fix uvm-module-not-loaded --apply\n" in done.stdout
    tool.log.unlink()
    pasted = tool.run("fix", "--report", "-", stdin="nvidia-smi says no")
    assert "This plan is not for this machine" in pasted.stdout
    (asked,) = tool.asked("plan_fix")
    assert (asked["host"], asked["pasted"]) == ("NoneType", repr(b"nvidia-smi says no"))


def test_undo_asks_before_it_takes_a_run_back(tool: Tool) -> None:
    refused = tool.run("undo")
    assert refused.returncode == 2
    assert "To be taken back: " in refused.stdout
    assert refused.stdout.index("Test that torch computes") < refused.stdout.index("Make the environment")
    assert "/home/me/torch is removed, where it was not there before" in refused.stdout
    assert not tool.asked("undo")
    code, shown = tool.on_terminal("undo", answer="n")
    assert (code, tool.asked("undo")) == (130, [])
    assert "Take this back? [y/N]" in shown
    done = tool.run("undo", "/state/run", "--yes")
    assert done.returncode == 0
    assert tool.asked("undo")[0]["journal"] == "/state/run"
    assert done.stdout.splitlines() == [
        f"undid `{VENV.title}`", "/home/me/torch is gone, as it was before",
        "/home/me/.bashrc is left as it is: it is as it was before", "stays: Install: the lists stay",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "code"),
    [({"state": "failed", "error": "x"}, 1), ({"state": "interrupted"}, 130), ({"kept": "it was changed since"}, 1)],
)
def test_undo_that_does_not_come_to_its_end(tool: Tool, wanted: dict[str, str], code: int) -> None:
    done = tool.run("undo", "--yes", **wanted)
    assert done.returncode == code
    if "error" in wanted:
        assert "cudadoctor: x\ncudadoctor: log: /state/log\n" in done.stderr


def test_help_names_the_exit_codes(tool: Tool) -> None:
    for name in ("install", "fix"):
        text = " ".join(tool.run(name, "--help").stdout.split())
        assert "1 impossible, or a step failed" in text
        assert "130 interrupted or declined" in text


def test_an_earlier_run_that_was_broken_off_is_told(tool: Tool) -> None:
    done = tool.run("install", unfinished="reference")
    assert done.returncode == 0
    assert "an earlier run was broken off" in done.stderr
    assert f"({REFERENCE.title}): `cudadoctor install --resume` goes on with it, `cudadoctor undo` takes" in done.stderr
    assert "--from" not in done.stderr
    assert tool.run("install", "-q", unfinished="reference").stderr == ""
    assert tool.run("install", "--apply", "--yes", unfinished="reference").returncode == 0, "it is for something else"
    waits = tool.run("install", unfinished="venv", waits=True).stderr
    assert waits == "cudadoctor: an earlier run waits (this): `cudadoctor install --resume` goes on with it\n"


def test_the_same_is_not_made_again_beside_what_was_broken_off(tool: Tool) -> None:
    done = tool.run("install", "--apply", "--yes", plan="beside", unfinished="venv")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert "`cudadoctor install --resume` goes on" in done.stderr
    assert not tool.asked("apply_plan")
    assert tool.run("install", "--apply", "--yes", unfinished="venv").returncode == 0, "at the same place it goes on"


def test_what_was_broken_off_is_counted_so(tool: Tool) -> None:
    done = tool.run("install", "--apply", "--yes", state="interrupted", error="x", failing=True)
    assert "3 steps: 2 done, 1 broken off\n" in done.stdout


def test_what_is_only_shown_is_not_said_to_be_so_already(tool: Tool) -> None:
    done = tool.run("fix", "--apply", "--yes", state="nothing-to-do", only_shown=True)
    assert done.returncode == 0
    assert "nothing was done, as every step is for you, or done only when named" in done.stdout
    assert "it is so already" not in done.stdout
    none = tool.run("install", "--apply", plan="nothing", state="nothing-to-do")
    assert none.stdout.count("\n") == 1, none.stdout
