"""`cudadoctor demo`: each machine is examined as a snapshot of it would be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cudadoctor.api import examine as api
from cudadoctor.cli.app import run
from cudadoctor.demo import MACHINES, recording

EXPECTED = {
    "healthy": None,
    "reference": None,
    "no-driver": "driver-not-installed",
    "driver-too-old": "driver-too-old-for-runtime",
    "upgraded": "driver-library-mismatch",
    "secure-boot": "secure-boot-unsigned-module",
    "blackwell-old-torch": "arch-not-in-build-gpu-newer",
    "cpu-only-torch": "cpu-only-build",
    "fabric-manager": "fabric-manager-not-running",
    "container": "container-without-gpu-access",
    "wsl": "wsl-libcuda-shadowed",
    "several-environments": "cpu-only-build",
}


def test_the_list_names_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(MACHINES)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", MACHINES)
def test_each_has_the_cause_that_its_line_promises(name: str) -> None:
    report = api.examine_host(api.demo_host(name), api.Request())
    assert list(report.root_causes) == ([EXPECTED[name]] if EXPECTED[name] else [])
    assert report.status == ("broken" if EXPECTED[name] else "healthy")


def test_it_is_what_check_says_of_the_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "snapshot.json.gz"
    path.write_bytes(recording("upgraded"))
    reports = []
    for words in (["demo", "upgraded"], ["check", "--from", str(path)]):
        assert run([*words, "--json"]) == 1
        report = json.loads(capsys.readouterr().out)
        report.pop("timings")
        reports.append(report)
    assert reports[0] == reports[1]


def test_a_wrong_name_gets_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "upgrade"]) == 2
    assert "did you mean `upgraded`?" in capsys.readouterr().err
    assert run(["demo", "--json"]) == 2
