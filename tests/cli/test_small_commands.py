"""`tables`, `completion` and `help`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from cudadoctor.cli.app import COMMANDS, run
from cudadoctor.compat import inventory


def test_every_table_has_a_source_with_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tables", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"torch", "gpus", "drivers", "distros/ubuntu"} <= {row["name"] for row in rows}
    for row in rows:
        assert row["rows"] > 0, row["name"]
        assert row["sources"], row["name"]
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\d|not read: .+", source["read_on"]) for source in row["sources"])
    assert inventory.oldest() == min(row["read_on"] for row in rows if row["read_on"])


def test_tables_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tables"]) == 0
    plain = capsys.readouterr().out
    assert run(["tables", "-v"]) == 0
    assert len(capsys.readouterr().out) > len(plain)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_shell_reads(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_CUDADOCTOR_COMPLETE" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=30)


def test_completion_of_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "csh"]) == 2
    assert "csh" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_the_page_of_the_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", name]) == 0
    page = capsys.readouterr().out
    assert run([name, "--help"]) == 0
    assert page == capsys.readouterr().out
    assert page.startswith(f"Usage: cudadoctor {name}")


def test_help_alone_and_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    page = capsys.readouterr().out
    assert run(["--help"]) == 0
    assert page == capsys.readouterr().out
    assert run(["help", "chek"]) == 2
    assert "did you mean `check`?" in capsys.readouterr().err
