"""Files that others may change, links that others made, pipes that nobody serves."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from cudadoctor import files
from cudadoctor.cli.app import run
from cudadoctor.executor.files.journal import Journal, JournalError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
OTHER = 12345


def test_what_is_ours_is_changeable_by_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert files.changeable(str(tmp_path / "a")) is None
    assert files.changeable(str(tmp_path / "not/there/yet")) is None
    assert files.changeable("/usr/bin/env") is None


def test_a_directory_above_that_everybody_may_write(tmp_path: Path) -> None:
    (tmp_path / "open/in").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    assert "every user" in (files.changeable(str(tmp_path / "open/in/file")) or "")
    (tmp_path / "open").chmod(0o1777)
    assert files.changeable(str(tmp_path / "open/in/file")) is None
    assert "every user" in (files.changeable(str(tmp_path / "open")) or "")


def test_a_link_is_as_safe_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    assert files.changeable(str(tmp_path / "link")) is not None


@as_root
def test_another_users_directory(tmp_path: Path) -> None:
    (tmp_path / "theirs/in").mkdir(parents=True)
    os.chown(tmp_path / "theirs", OTHER, OTHER)
    assert str(OTHER) in (files.changeable(str(tmp_path / "theirs/in")) or "")


def test_a_link_of_ones_own_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    files.write(str(tmp_path / "link"), b"new", 0o600)
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "link").is_symlink()


@as_root
@pytest.mark.parametrize("command", [["explain", "--list"], ["check", "--fast", "--json"], ["snapshot"]])
def test_a_link_that_another_user_made_is_not_followed(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "passwd").write_text("precious")
    (tmp_path / "r").symlink_to(tmp_path / "passwd")
    os.lchown(tmp_path / "r", OTHER, OTHER)
    assert run([*command, "-o", str(tmp_path / "r")]) == 2
    assert "a link that user" in capsys.readouterr().err
    assert (tmp_path / "passwd").read_text() == "precious"


def test_output_to_a_pipe_that_nobody_reads_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run(["explain", "--list", "-o", str(tmp_path / "pipe")]) == 2
    assert "nobody reads" in capsys.readouterr().err


def test_output_to_a_pipe_with_a_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    while True:  # until the reader is there
        try:
            files.write(str(tmp_path / "pipe"), b"x" * 300_000, 0o600)
            break
        except OSError as error:
            assert "nobody reads" in str(error)  # noqa: PT017
    reader.join(20)
    assert len(got[0]) == 300_000


def test_input_from_a_pipe_that_nobody_writes_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    os.mkfifo(tmp_path / "pipe")
    assert run(["check", "--from", str(tmp_path / "pipe")]) == 2
    assert run(["check", "--from", "/dev/zero"]) == 2
    assert "/dev/zero" in capsys.readouterr().err


def _state(folder: Path, victim: Path) -> Path:
    state = folder / "state/cudadoctor"
    (state / "backups").mkdir(parents=True)
    entry: dict[str, object] = {
        "id": "1", "group": "g", "at": "2026-01-01T00:00:00Z", "action": "shell --apply", "path": str(victim),
        "real": str(victim), "before": "", "after": "", "backup": None, "folders": [],
    }  # fmt: skip
    (state / "journal.jsonl").write_text(json.dumps(entry) + "\n")
    return state


def test_undo_believes_no_journal_that_others_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    state = _state(tmp_path, victim)
    state.parent.chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
    assert run(["undo", "--yes"]) in (1, 2)
    assert "is not safe" in capsys.readouterr().err
    assert victim.read_text() == "precious"


@as_root
def test_undo_as_root_believes_no_journal_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = _state(tmp_path, tmp_path / "victim")
    os.chown(state, OTHER, OTHER)
    with pytest.raises(JournalError, match="belongs to user"):
        Journal(str(state)).open_groups()


@pytest.mark.parametrize("make", ["fifo", "zero", "link"])
def test_a_journal_is_a_regular_file(make: str, tmp_path: Path) -> None:
    state = _state(tmp_path, tmp_path / "victim")
    journal = state / "journal.jsonl"
    journal.unlink()
    if make == "fifo":
        os.mkfifo(journal)
    else:
        journal.symlink_to("/dev/zero" if make == "zero" else __file__)
    with pytest.raises(JournalError):
        Journal(str(state)).open_groups()
