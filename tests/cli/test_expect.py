"""`--expect`, `cudadoctor.toml` and `cudadoctor expect`."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from cudadoctor.api import examine as api
from cudadoctor.api import expectations
from cudadoctor.checks.shared.expectations import holds
from cudadoctor.cli.app import run
from cudadoctor.demo import MACHINES, recording
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.expected import Expectation
from cudadoctor.host.local import LocalHost


@pytest.fixture
def healthy(tmp_path: Path) -> str:
    """A snapshot of a healthy machine: one RTX 5090, driver 580.95.05, torch 2.8.0+cu128, Python 3.12."""
    path = tmp_path / "healthy.json.gz"
    path.write_bytes(recording("healthy"))
    return str(path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["gpus=1"], 0),
        (["gpus=>=1"], 0),
        (["gpus=8"], 1),
        (["gpu=RTX 5090"], 0),
        (["gpu=H100"], 1),
        (["compute=>=8.0"], 0),
        (["compute=<9"], 1),
        (["driver=>=580"], 0),
        (["driver=580"], 0),
        (["driver=>=590"], 1),
        (["toolkit=false"], 0),
        (["toolkit=12.*"], 1),
        (["torch=2.8.0"], 0),
        (["torch=>=2.7,<2.9"], 0),
        (["torch=2.9"], 1),
        (["torch_cuda=12.*"], 0),
        (["torch_cuda=13.*"], 1),
        (["torch_cuda=false"], 1),
        (["python=>=3.12"], 0),
        (["memory=>=30GiB"], 0),
        (["memory=>=40GiB"], 1),
        (["mig=false"], 0),
        (["mig=true"], 1),
        (["forbid=LD_LIBRARY_PATH"], 0),
        (["require=CUDA_HOME"], 1),
        (["gpus=1", "driver=>=590"], 1),
    ],
)
def test_each_key(words: list[str], code: int, healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [part for word in words for part in ("--expect", word)]
    assert run(["check", "--from", healthy, "--json", *options]) == code
    report = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in report["findings"] if one["severity"] == "error"] == ["expectation-failed"] * code


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("gpus=many", "`gpus = many`: expected a number"),
        ("gpu_count=8", "`gpu_count` is no key"),
        ("drivers=580", "did you mean `driver`?"),
        ("memory=40", "a size of each GPU"),
        ("no-such-file.toml", "there is no such file"),
        ("torch=>=2.7;x", "expected a version"),
    ],
)
def test_what_is_wrong_is_never_green(word: str, says: str, healthy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--from", healthy, "--expect", word]) == 2
    assert says in capsys.readouterr().err


def test_nothing_is_met_where_there_is_no_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("gpus=1", "gpu=H100", "compute=>=8.0", "memory=>=1GiB", "driver=>=500", "mig=true"):
        assert run(["check", "--fast", "--root", str(tmp_path), "--json", "--expect", key]) == 1, key
        capsys.readouterr()


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def test_the_nearest_file_counts(
    tmp_path: Path, healthy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "cudadoctor.toml", "gpus = 8\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert run(["check", "--from", healthy]) == 1
    assert "expected gpus = 8; found 1" in capsys.readouterr().out
    write(tmp_path / "a" / "pyproject.toml", "[tool.cudadoctor]\ngpus = 1\n")
    assert run(["check", "--from", healthy]) == 0
    assert run(["check", "--from", healthy, "--expect", "gpus=2"]) == 1  # the command line over the file
    write(tmp_path / "a" / "pyproject.toml", "[tool.other]\n")
    assert run(["check", "--from", healthy]) == 1


def test_a_file_of_another_user_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "cudadoctor.toml", "gpus = 8\n")
    monkeypatch.chdir(tmp_path)
    os.chmod(tmp_path / "cudadoctor.toml", 0o666)
    assert expectations.expected((), LocalHost()).wanted == ()
    if os.getuid() == 0:
        os.chmod(tmp_path / "cudadoctor.toml", 0o644)
        os.chown(tmp_path / "cudadoctor.toml", 12345, 12345)
        assert expectations.expected((), LocalHost()).wanted == ()


def test_ignore_needs_a_reason_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = tmp_path / "old.json.gz"
    snapshot.write_bytes(recording("driver-too-old"))
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--from", str(snapshot)]) == 1
    write(tmp_path / "cudadoctor.toml", '[ignore]\nTR = "the driver is replaced on Monday"\n')
    capsys.readouterr()
    assert run(["check", "--from", str(snapshot)]) == 0
    assert "Ignored: TR (the driver is replaced on Monday" in capsys.readouterr().out
    write(tmp_path / "cudadoctor.toml", '[ignore]\nTR = { reason = "x", until = "2020-01-01" }\n')
    assert run(["check", "--from", str(snapshot)]) == 1
    assert "ended on 2020-01-01" in capsys.readouterr().err
    for text, says in [
        ("[ignore]\nTR = true\n", "has no reason"),
        ('[ignore]\nNOPE = "x"\n', "[ignore]"),
        ('[ignore]\nTR = { reason = "x", till = "2030-01-01" }\n', "is no key"),
        ("gpus = [1]\n", "`gpus`"),
        ("gpus = \n", "not TOML"),
        ("gpuss = 1\n", "did you mean `gpus`?"),
    ]:
        write(tmp_path / "cudadoctor.toml", text)
        assert run(["check", "--from", str(snapshot)]) == 2, text
        assert says in capsys.readouterr().err


def test_an_entry_counts_on_its_last_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "cudadoctor.toml", '[ignore]\nTR = { reason = "x", until = "2026-12-24" }\n')
    monkeypatch.chdir(tmp_path)
    assert expectations.expected((), LocalHost(), dt.date(2026, 12, 24)).ignored
    assert expectations.expected((), LocalHost(), dt.date(2026, 12, 25)).ended


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_meets_what_was_written_of_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{name}.json.gz"
    path.write_bytes(recording(name))
    assert run(["expect", "--from", str(path), "-o", str(tmp_path / "expected.toml")]) == 0
    report = api.examine_host(
        api.recorded_host(str(path)),
        api.Request(),
        expected=expectations.expected([str(tmp_path / "expected.toml")], LocalHost()),
    )
    assert not [one.message for one in report.findings if one.name == "expectation-failed"]
    assert not report.crashed


def test_memory_of_a_card_that_shows_a_little_less_than_its_name() -> None:
    wanted = Expectation(key="memory", wanted=">=40GiB", origin="x")
    assert holds(wanted, ["40960 MiB"])
    assert holds(wanted, ["40700 MiB"])
    assert not holds(wanted, ["24576 MiB"])
    with pytest.raises(CudaDoctorError):
        expectations.expected(["memory=lots"], LocalHost())
