"""`cudadoctor smoke` as it is typed: exit codes, root causes, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.smoke import fake_torch
from tests.smoke.alive import gone


class Machine:
    """An environment with the stand-in torch; this very machine below it."""

    def __init__(self, folder: Path) -> None:
        self.prefix = folder / "env"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.prefix)], check=True, timeout=120)
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.site = self.prefix / "lib" / version / "site-packages"
        fake_torch.plant(self.site)
        (self.site / "torch-2.0.0.dist-info").mkdir()
        (self.site / "torch-2.0.0.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: torch\nVersion: 2.0.0\n"
        )
        (self.site / "torch" / "version.py").write_text("__version__ = '2.0.0'\ncuda = '12.4'\nhip = None\n")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "cudadoctor", "smoke", "--env", str(self.prefix), *words]

    def variables(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA_", "PYTHON"))}
        return kept | more

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.variables(**more), capture_output=True, text=True, timeout=120, check=False,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("smoke"))


ONLY = ("--only", "properties,integer-kernel,memory-returns")


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_gpu_that_computes(machine: Machine) -> None:
    done = machine.run("--only", "properties,memory-returns", "--expect-gpus", "2", "--json")
    found = document(done)
    assert (found["status"], done.returncode) == ("passed", 0)
    assert [one["index"] for one in found["gpus"]] == [0, 1]
    assert found["findings"] == []


def test_no_gpu_is_a_failure_that_says_why(machine: Machine) -> None:
    done = machine.run("--json", SMOKE_GPUS="0")
    found = document(done)
    assert (found["status"], done.returncode) == ("failed", 1)
    assert "no-gpu-to-test" in {one["name"] for one in found["findings"]}
    assert found["root_causes"]
    text = machine.run(SMOKE_GPUS="0").stdout
    assert "Next:" in text
    assert found["root_causes"][0] in text


def test_fewer_gpus_than_expected(machine: Machine) -> None:
    done = machine.run("--only", "properties", "--expect-gpus", "4", "--format", "junit")
    assert done.returncode == 1
    suite = ET.fromstring(done.stdout)[0]
    assert suite.findall("testcase")[-1].get("name") == "verdict"
    assert "2 of 4 expected GPUs" in done.stdout


def test_a_test_that_dies_is_named(machine: Machine) -> None:
    done = machine.run(*ONLY, "--json", SMOKE_PLANT="arange=segv@1")
    found = document(done)
    assert done.returncode == 1
    crash = next(one for one in found["results"] if one["outcome"] == "crash")
    assert (crash["gpu"], crash["name"]) == (1, "integer-kernel")
    assert "torch-work-crashes" in {one["name"] for one in found["findings"]}


def test_torch_that_is_missing_is_the_root(machine: Machine, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True, timeout=120)
    done = machine.run("--device", "cpu", "--json", "--env", str(bare))
    found = document(done)
    assert done.returncode == 1
    assert found["root_causes"][0] == "torch-not-installed"


@pytest.mark.parametrize(
    "words",
    [
        ("--device", "gpu"),
        ("--device", "cuda:-1"),
        ("--only", "fourier"),
        ("--level", "deep"),
        ("--format", "yaml"),
        ("--expect-gpus", "-2"),
        ("--device", "cpu", "--expect-gpus", "1"),
        ("--timeout", "0"),
        ("--json", "--format", "junit"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(machine: Machine, words: tuple[str, ...]) -> None:
    done = machine.run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_the_list_runs_nothing(machine: Machine) -> None:
    done = machine.run("--list", "--level", "full")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 40
    listed = json.loads(machine.run("--list", "--json").stdout)
    assert {"name", "level", "layer", "summary"} == set(listed[0])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_prints_what_there_was(machine: Machine, tmp_path: Path, number: int) -> None:
    log = tmp_path / "log"
    started = subprocess.Popen(
        machine.command(*ONLY, "--json", "--device", "cuda:0"),
        env=machine.variables(SMOKE_PLANT="arange=hang", SMOKE_LOG=str(log)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    for _ in range(600):
        if log.exists() and len(log.read_text().split()) >= 2:
            break
        time.sleep(0.05)
    time.sleep(1.0)
    started.send_signal(number)
    out, _ = started.communicate(timeout=20)
    found = json.loads(out)
    assert started.returncode == 130
    assert found["interrupted"] is True
    assert "properties" in {one["name"] for one in found["results"] if one["outcome"] == "pass"}
    assert gone(str(machine.prefix))
