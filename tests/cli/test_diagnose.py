"""`cudadoctor diagnose`: files, standard input, forms, exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cudadoctor.cli import app

HEALTHY = """\
Collecting environment information...
PyTorch version: 2.6.0+cu124
Is debug build: False
CUDA used to build PyTorch: 12.4
ROCM used to build PyTorch: N/A

OS: Ubuntu 22.04.5 LTS (x86_64)
GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Libc version: glibc-2.35

Python version: 3.11.9 (main, Apr  6 2024, 17:59:24) [GCC 11.4.0] (64-bit runtime)
Python platform: Linux-6.8.0-49-generic-x86_64-with-glibc2.35
Is CUDA available: True
CUDA runtime version: 12.4.131
GPU models and configuration: GPU 0: NVIDIA A10
Nvidia driver version: 550.127.05
"""


def run(arguments: list[str], text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "cudadoctor", "diagnose", *arguments], input=text, capture_output=True, check=False,
        timeout=60, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


def test_standard_input_is_read_and_a_healthy_text_is_no_fault() -> None:
    for arguments in ([], ["-"]):
        done = run([*arguments, "--json"], HEALTHY.encode())
        report = json.loads(done.stdout)
        assert (done.returncode, report["root_causes"]) == (0, [])
        assert report["facts"]["envs"][0]["torch"]["version"] == "2.6.0+cu124"
        assert report["facts"]["driver"]["version"] == "550.127.05"
        assert report["facts"]["gpus"][0]["compute_capability"] == "8.6"


def test_text_about_something_else_is_unknown_and_polite() -> None:
    done = run([], b"Dear diary, today it rained.\n")
    assert done.returncode == 0
    assert done.stdout.decode().startswith("? unknown: This text mentions no GPU")
    assert done.stderr == b""
    assert json.loads(run(["--json"], b"").stdout)["status"] == "unknown"


def test_an_undecided_text_says_what_to_ask_for() -> None:
    text = b"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    report = json.loads(run(["--json"], text).stdout)
    if not report["root_causes"]:
        assert "dmesg" in report["ask"]["command"]
        assert report["ask"]["command"] in run([], text).stdout.decode()


def test_files(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    half = HEALTHY.index("Python version")
    (tmp_path / "a").write_text(HEALTHY[:half])
    (tmp_path / "b").write_text(HEALTHY[half:])
    assert app.run(["diagnose", "--json", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    report = json.loads(capsysbinary.readouterr().out)
    assert report["facts"]["driver"]["version"] == "550.127.05"


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / name)
    assert app.run(["diagnose", path]) == 2
    said = capsys.readouterr().err
    assert path in said
    assert said.count("\n") == 1


def test_the_evidence_is_a_line_of_the_text() -> None:
    done = run(["--json"], b"\n\nRuntimeError: CUDA error: no kernel image is available for execution on the device\n")
    (symptom,) = [one for one in json.loads(done.stdout)["facts"]["symptoms"] if one["kind"] == "no-kernel-image"]
    assert symptom["evidence"]["where"] == "line 3"


def test_standard_input_that_is_closed_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert app.run(["diagnose"]) == 2
    assert "standard input" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("x"))  # one without a descriptor
    assert app.run(["diagnose"]) == 2
