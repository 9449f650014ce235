"""The library's functions, as the commands call them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.api import plans as api_plan
from cudadoctor.api import shell as api_shell
from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.run.unfinished import Unfinished
from cudadoctor.executor.verify import preflight_room
from cudadoctor.host.local import LocalHost
from tests.plan.executing import Seen, Stage, plan, write


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def host(stage: Stage) -> LocalHost:
    env = {
        "HOME": f"{stage.home}/",
        "PATH": "/usr/bin:/bin",
        "XDG_STATE_HOME": str(stage.base / "xdg"),
        "SHELL": "/bin/bash",
    }
    return LocalHost(env=env)


def test_looked_at_applied_gone_on_with_and_taken_back(stage: Stage, host: LocalHost) -> None:
    good = stage.home / "good"
    steps = plan(stage.making("a"), stage.step("b", f"[ -e {good} ]"), home=str(stage.home))
    assert api_plan.holds(steps, host=host) == {"a": False, "b": None}
    failed = api_plan.apply_plan(host, steps, watcher=Seen())
    assert failed.state == "failed"
    assert failed.journal.startswith(str(stage.base / "xdg" / "cudadoctor" / "runs"))
    assert api_plan.holds(steps, host=host)["a"] is True
    assert api_plan.unfinished(host) == Unfinished(plan=steps, waits=False)
    good.touch()
    assert api_plan.next_to_undo(host) == steps
    assert api_plan.resume(host).state == "applied"
    assert api_plan.unfinished(host) is None
    assert [step.id for step in (api_plan.next_to_undo(host, failed.journal) or steps).steps] == ["a", "b"]
    assert api_plan.undo(host, failed.journal).state == "undone"
    assert sorted(path.name for path in stage.home.iterdir()) == ["good"]


def test_changes_of_rc_files_and_plans_are_taken_back_in_turn(stage: Stage, host: LocalHost) -> None:
    rc = stage.home / ".bashrc"
    rc.write_text("mine\n")
    changes, _ = api_shell.plan_shell(host, shell="bash", cuda="/usr/local/cuda-10.1")
    api_shell.apply_shell(host, changes, "shell --apply")
    block = rc.read_text()
    api_plan.apply_plan(host, plan(write("w", rc, "mine\nall else\n")))
    assert api_plan.undo(host).what == "a test"
    assert rc.read_text() == block
    assert api_plan.next_to_undo(host) is None
    rc.write_text(block + "edited\n")
    back = api_plan.undo(host)
    assert (back.what, [item.how for item in back.items]) == ("shell --apply", ["part"])
    assert rc.read_text() == "mine\nedited\n"
    assert api_plan.undo(host).state == "nothing-to-do"


def test_a_plan_for_another_home_or_user_is_not_begun(stage: Stage, host: LocalHost) -> None:
    with pytest.raises(CudaDoctorError, match="was made for the home directory /home/other, and this is"):
        api_plan.apply_plan(host, plan(stage.making("a"), home="/home/other"))
    with pytest.raises(CudaDoctorError, match="was made for the user with uid"):
        api_plan.apply_plan(host, plan(stage.making("a"), uid=os.geteuid() + 1))
    assert not (stage.home / "a").exists()


def test_hosts_that_fail_for_one_reason_are_told_in_one_line(stage: Stage) -> None:
    steps = [stage.step(name, "true", network=(f"{name}.invalid", "apt")) for name in "ba"]
    (line,) = preflight_room.network(steps, stage.machine)
    assert line.startswith("a.invalid, b.invalid cannot be reached: no such name is found (")
    proxied = {**stage.machine.env, "https_proxy": "http://127.0.0.1:1"}
    (line,) = preflight_room.network(steps, replace(stage.machine, env=proxied))
    assert "cannot be reached through the proxy 127.0.0.1:1: connection refused" in line


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, ("a.org", 443)),
        ({"https_proxy": "http://p.org:3128/"}, ("p.org", 3128)),
        ({"HTTPS_PROXY": "http://user:secret@p.org"}, ("p.org", 80)),
        ({"all_proxy": "socks5h://p.org"}, ("p.org", 1080)),
        ({"https_proxy": "p.org:1"}, ("p.org", 1)),
        ({"https_proxy": "http://p.org:1", "no_proxy": "b.org, .a.org"}, ("a.org", 443)),
        ({"https_proxy": "http://p.org:1", "no_proxy": "*"}, ("a.org", 443)),
        ({"https_proxy": "http://p.org:1", "no_proxy": "xa.org"}, ("p.org", 1)),
        ({"https_proxy": "http://p.org:port"}, ("p.org", 80)),
    ],
)
def test_who_is_asked_for_a_host(env: dict[str, str], wanted: tuple[str, int]) -> None:
    assert preflight_room._target("a.org", env) == wanted
    assert preflight_room._target("a.org:8443", {}) == ("a.org", 8443)


def test_a_run_that_is_at_work_is_not_taken_for_one_that_was_broken_off(stage: Stage, host: LocalHost) -> None:
    found: list[object] = []
    steps = plan(stage.making("a"), home=str(stage.home))
    api_plan.apply_plan(host, steps, watcher=Seen(lambda event, what: found.append(api_plan.unfinished(host))))
    assert set(found) == {None}
    assert api_plan.unfinished(LocalHost(env={"HOME": "nowhere"})) is None
