"""nvidia-smi is started at once, taken over by the host, and started once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cudadoctor.host import early
from cudadoctor.host.local import LocalHost

SCRIPT = """#!/bin/sh
echo start >> {log}
[ -z "$SLOW" ] || exec sleep 60
echo "$*" "$LC_ALL"
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "nvidia-smi"
    program.write_text(SCRIPT.format(log=tmp_path / "log"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "log"


def ask(log: Path, env: dict[str, str]) -> bytes:
    return LocalHost(env).run([str(log.parent / "nvidia-smi"), "-q", "-x"], timeout=20).stdout


def test_the_host_takes_it_over(log: Path) -> None:
    early.start([], os.environ)
    assert ask(log, dict(os.environ)) == b"-q -x C\n"
    assert ask(log, dict(os.environ)) == b"-q -x C\n", "the second time it is started anew"
    assert log.read_text() == "start\n" * 2


def test_another_environment_starts_its_own(log: Path) -> None:
    early.start([], {**os.environ, "SLOW": "1"})
    assert ask(log, dict(os.environ)) == b"-q -x C\n"


@pytest.mark.parametrize("arguments", [["--from", "x"], ["--from=x"], ["--help"], ["--fast", "-h"], ["--via", "ssh x"]])
def test_it_is_not_started_where_it_is_not_asked(arguments: list[str], log: Path) -> None:
    early.start(arguments, os.environ)
    assert not early._started
    assert not log.exists()


def test_what_nobody_took_over_is_ended(log: Path) -> None:
    early.start([], {**os.environ, "SLOW": "1"})
    ((process, _, _),) = early._started.values()
    early.end_all()
    assert not early._started
    end = time.monotonic() + 20
    while os.waitpid(process.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="this is about root")
def test_root_starts_none_that_others_can_change(log: Path) -> None:
    log.parent.chmod(0o777)
    early.start([], os.environ)
    assert not log.exists()


@pytest.mark.parametrize("arguments", [["check", "--fast", "--json"], ["check", "--no-such-option"]])
def test_a_run_starts_it_once_and_leaves_none(arguments: list[str], log: Path) -> None:
    failing = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    (log.parent / "nvidia-smi").write_text(f'#!/bin/sh\necho start >> {log}\necho "{failing}"\nexit 9\n')
    done = subprocess.run(
        [sys.executable, "-m", "cudadoctor", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1, 2)
    assert log.read_text() == "start\n"
