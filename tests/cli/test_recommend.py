"""`cudadoctor recommend` as a process: what it prints, its JSON, its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.host.recording import RecordingHost, save
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE

MACHINE = "ubuntu2204-rtx3090-470-torch23"
REFERENCE = "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"
ENV = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI")}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cudadoctor", "recommend", *arguments],
        env=ENV, stdin=subprocess.DEVNULL, text=True, timeout=120, check=False, capture_output=True,
    )  # fmt: skip


def answer(*arguments: str) -> dict[str, Any]:
    done = run("--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a planted machine: an RTX 3090 on driver 470."""
    path = tmp_path_factory.mktemp("snapshots") / "machine.json"
    host = RecordingHost(build(CATALOGUE[MACHINE].machine))
    collect(host, Request())
    save(host.recording, str(path))
    return path


def test_the_reference_line_comes_first() -> None:
    done = run("--no-detect", "--manager", "conda", "--cuda", "10.1", "--style", "published")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == REFERENCE
    assert done.stderr == ""


def test_quiet_prints_the_commands_alone() -> None:
    done = run("--no-detect", "-q", "--manager", "conda", "--cuda", "10.1")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["create", "activate"]


def test_json_has_what_the_contract_says() -> None:
    found = answer("--no-detect", "--manager", "conda", "--cuda", "10.1", "--driver", "418.39", "--arch", "7.5")
    assert found["schema"] == "cudadoctor.recommendation/1"
    assert set(found) >= {
        "tool", "request", "verdict", "command", "commands", "published", "choice", "reasons", "rejected",
        "alternatives",
    }  # fmt: skip
    assert found["verdict"] == "outdated"
    assert found["published"] == REFERENCE
    assert found["commands"][0] == found["command"]
    assert set(found["choice"]) >= {
        "torch", "torchvision", "torchaudio", "cuda", "python", "manager", "channels", "index_url", "build",
    }  # fmt: skip
    assert (found["choice"]["torch"], found["choice"]["cuda"]) == ("1.6.0", "10.1")
    assert found["request"]["cuda"] == {"value": "10.1", "origin": "asked"}
    assert found["request"]["platform"]["origin"] == "default"
    assert all({"rule", "text", "source"} <= set(one) for one in found["reasons"])
    assert all(one["source"]["read_on"] for one in found["reasons"] if one["source"])
    assert all({"torch", "cuda", "rule", "text"} <= set(one) for one in found["rejected"])
    assert all({"command", "text"} <= set(one) for one in found["alternatives"])


@pytest.mark.parametrize(
    ("arguments", "code", "verdict"),
    [
        (("--torch", "9.9"), 1, "unknown"),
        (("--cuda", "10.7"), 1, "unknown"),
        (("--gpu", "Tesla K80", "--driver", "535.54.03"), 1, "impossible"),
        (("--gpu", "GTX 1080 Ti", "--driver", "580.65.06"), 0, "ok"),
        (("--cuda", "10.1", "--manager", "conda"), 0, "outdated"),
    ],
)
def test_exit_codes(arguments: tuple[str, ...], code: int, verdict: str) -> None:
    done = run("--no-detect", "--json", *arguments)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (code, verdict)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--cuda", "banana"),
        ("--torch", "x"),
        ("--driver", "12"),
        ("--manager", "npm"),
        ("--from", "/nonexistent.json"),
        ("--from", "x.json", "--no-detect"),
        ("--format", "sarif"),
    ],
)
def test_wrong_usage_is_one_line_and_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert arguments[1].removesuffix(".json") in done.stderr or arguments[0] in done.stderr


def test_what_is_not_given_is_detected(snapshot: Path) -> None:
    found = answer("--from", str(snapshot))
    assert found["request"]["driver"]["origin"] == "detected"
    assert found["request"]["gpus"]["value"][0]["compute_capability"] == "8.6"
    assert found["request"]["python"]["origin"] == "detected"
    # 470 is above the floor of 11.8 and below that of 12.x.
    assert found["choice"]["cuda"] == "11.8"
    asked = answer("--from", str(snapshot), "--driver", "580.65.06")
    assert asked["request"]["driver"] == {"value": "580.65.06", "origin": "asked"}
    assert asked["choice"]["cuda"] != "11.8"


def test_another_platform_is_another_machine(snapshot: Path) -> None:
    found = answer("--from", str(snapshot), "--platform", "win-amd64")
    assert not {"driver", "gpus", "glibc", "python"} & set(found["request"])


def test_narrow_text_keeps_commands_whole(tmp_path: Path) -> None:
    target = tmp_path / "answer.txt"
    done = run("--no-detect", "--cuda", "12.6", "-o", str(target))
    assert (done.returncode, done.stdout) == (0, "")
    assert "\x1b" not in target.read_text()
    assert target.read_text().splitlines()[0].endswith("/whl/cu126")
