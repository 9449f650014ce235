"""The command line as a user meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.host.recording import RecordingHost, save
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE

BROKEN = "ubuntu2204-rtx3090-470-torch23"
HEALTHY = "ubuntu2204-rtx3090-535-torch23"
NO_GPU = "ubuntu2404-nogpu-laptop"
CLEAN_ENV = {
    name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI")
}
COMMAND = [sys.executable, "-m", "cudadoctor"]

Snapshot = Callable[[str], str]


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The file of a planted machine's recording."""
    folder = tmp_path_factory.mktemp("snapshots")

    def recorded(name: str) -> str:
        path = folder / f"{name}.json"
        if not path.exists():
            host = RecordingHost(build(CATALOGUE[name].machine))
            collect(host, Request())
            save(host.recording, str(path))
        return str(path)

    return recorded


def run(*arguments: str, env: dict[str, str] | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**CLEAN_ENV, **(env or {})}, stdin=subprocess.DEVNULL, text=True, timeout=120, check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
    )  # fmt: skip


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error."""
    assert done.stdout in ("", None)
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("cudadoctor: ")
    return done.stderr.strip()


def on_terminal(arguments: list[str], *, columns: int = 60, env: dict[str, str] | None = None) -> tuple[str, int]:
    """What a terminal of that width gets, and the exit code."""
    import fcntl
    import struct
    import termios

    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(COMMAND[0], [*COMMAND, *arguments], {**CLEAN_ENV, "TERM": "xterm", **(env or {})})
    got = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([master], [], [], 1)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:  # EIO: the other side is closed
                break
            if not part:
                break
            got += part
    os.close(master)
    return got.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def what_stays(shown: str) -> str:
    """What is on the screen in the end: a slow machine shows a progress line, which is erased again."""
    return re.sub(r"(?:[^\r\n]*\r\x1b\[K)+", "", shown)


def test_a_job_of_github_actions_gets_annotations_and_a_summary(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    done = run("demo", "driver-too-old", "--format", "github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=cudadoctor")
    assert summary.read_text().startswith("# before\n## cudadoctor: broken\n")
    assert "| torch |" in summary.read_text()


def test_without_a_job_no_summary_is_written(tmp_path: Path) -> None:
    done = run("demo", "driver-too-old", "--format", "github")
    assert done.returncode == 1
    assert "## cudadoctor" not in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["markdown", "junit", "github", "sarif", "html", "prometheus"])
def test_formats_go_to_a_file_whole(name: str, tmp_path: Path) -> None:
    there = tmp_path / "report"
    done = run("demo", "driver-too-old", "--format", name, "-o", str(there))
    assert (done.returncode, done.stdout) == (1, "")
    assert "driver-too-old-for-runtime" in there.read_text(encoding="utf-8")
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


# --- usage ---


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--timeout", "0"], ["--timeout"]),
        (["check", "--timeout", "nan"], ["--timeout"]),
        (["check", "--timeout", "soon"], ["--timeout", "soon"]),
        (["check", "--fail-on", "x"], ["--fail-on", "x"]),
        (["check", "--no-such"], ["--no-such"]),
        (["check", "extra"], ["extra"]),
        (["check", "--format", "yaml"], ["format `yaml` is not known here; use text, json, markdown, junit"]),
        (["recommend", "--format", "markdown"], ["format `markdown` is not known here; use text, json"]),
        (["check", "--format", "banana"], ["banana"]),
        (["check", "--json", "--format", "text"], ["--json"]),
        (["check", "--from", "/not/there.json"], ["/not/there.json"]),
        (["check", "--select", "QQQ"], ["QQQ"]),
        (["check", "--ignore", ""], ["``"]),
        (["chekc"], ["chekc"]),
        (["explain"], ["--list"]),
        (["explain", "driver-not-instaled"], ["driver-not-instaled", "driver-not-installed"]),
        (["explain", "TR001", "--list"], ["--list"]),
        (["snapshot"], ["--output"]),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], words: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    line = complaint(done)
    assert all(word in line for word in words), line


def test_foreign_text_in_a_complaint_is_harmless() -> None:
    assert "\x1b" not in complaint(run("check", "--from", "/x\x1b]0;title\x07\n/y"))


def test_no_arguments_show_the_help() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: cudadoctor")


@pytest.mark.parametrize("command", [[], ["check"], ["snapshot"], ["explain"]])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(command: list[str], option: str) -> None:
    done = run(*command, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: {' '.join(['cudadoctor', *command])} ")


@pytest.mark.parametrize("command", [[], ["check"], ["snapshot"], ["explain"]])
def test_version(command: list[str]) -> None:
    import cudadoctor

    assert run(*command, "--version").stdout == f"cudadoctor {cudadoctor.__version__}\n"


# --- exit codes ---


@pytest.mark.parametrize(
    ("machine", "options", "code"),
    [
        (BROKEN, [], 1),
        (BROKEN, ["--fail-on", "never"], 0),
        (BROKEN, ["--ignore", "TR"], 0),
        (BROKEN, ["--select", "driver-too-old-for-runtime"], 1),
        (BROKEN, ["--select", "ENV, TK"], 0),
        (HEALTHY, [], 0),
        (HEALTHY, ["--fail-on", "warning"], 0),
        (NO_GPU, [], 0),
        (NO_GPU, ["--fail-on", "info"], 1),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_exit_code(snapshot: Snapshot, machine: str, options: list[str], code: int, form: str) -> None:
    done = run("check", "--from", snapshot(machine), "--format", form, *options)
    assert (done.returncode, done.stderr) == (code, "")


def test_an_empty_recording_is_unknown_and_strict_says_so(tmp_path: Path) -> None:
    from cudadoctor.host.recording import Recording

    path = str(tmp_path / "empty.json")
    save(Recording(env={}), path)
    done = run("check", "--from", path, "--json", "--strict")
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) in ((4, "unknown"), (4, "no-gpu"))
    assert report["status"] != "healthy"


def test_a_bug_is_exit_3_and_one_line(tmp_path: Path) -> None:
    """A broken installation: a package that shadows ours and has no checks."""
    broken = tmp_path / "cudadoctor"
    import shutil

    import cudadoctor

    shutil.copytree(Path(cudadoctor.__file__).parent, broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "probes/collect.py").write_text("raise ZeroDivisionError('boom')\n")
    env = {"PYTHONPATH": str(tmp_path)}
    done = run("check", env=env, cwd=tmp_path)
    assert done.returncode == 3
    assert "boom" in complaint(done)
    assert "Traceback" in run("check", "-v", env=env, cwd=tmp_path).stderr


# --- output ---


def test_json_is_all_there_is_on_standard_output(snapshot: Snapshot) -> None:
    done = run("check", "--from", snapshot(BROKEN), "--json")
    report = json.loads(done.stdout)
    assert (report["schema"], report["status"]) == ("cudadoctor.report/1", "broken")
    assert report["root_causes"] == ["driver-too-old-for-runtime"]


def test_the_real_machine_gives_a_report_that_satisfies_the_schema() -> None:
    import jsonschema  # type: ignore[import-untyped]

    schema = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text())
    done = run("check", "--fast", "--json")
    assert done.returncode in (0, 1)
    jsonschema.Draft202012Validator(schema).validate(json.loads(done.stdout))


@pytest.mark.slow
def test_output_goes_to_a_file_whole_or_not_at_all(snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    out.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(out)
    done = run("check", "--from", snapshot(BROKEN), "--json", "-o", str(link))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert json.loads(out.read_text())["status"] == "broken"
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "report.json"]
    text = tmp_path / "report.txt"
    run("check", "--from", snapshot(BROKEN), "-o", str(text), env={"LC_ALL": "C"})
    assert text.read_text(encoding="utf-8").startswith("✗ broken")


@pytest.mark.parametrize("where", ["missing/report.json", "", "file/report.json"])
def test_output_that_cannot_be_written_is_one_line(snapshot: Snapshot, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    path = f"{tmp_path}/{where}"
    done = run("check", "--from", snapshot(HEALTHY), "-o", path)
    assert done.returncode == 2
    assert path in complaint(done)


def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run("explain", "--list", stdout=full)
    assert done.returncode == 2
    assert "No space left" in complaint(done)


def test_a_reader_that_goes_away_is_no_error(snapshot: Snapshot) -> None:
    read, write = os.pipe()
    os.close(read)
    done = run("check", "--from", snapshot(BROKEN), stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_closed_streams_end_well(snapshot: Snapshot) -> None:
    script = f'exec "$@" check --from {snapshot(BROKEN)} >&- 2>&-'
    done = subprocess.run(["sh", "-c", script, "sh", *COMMAND], env=CLEAN_ENV, timeout=60, check=False)
    assert done.returncode == 2


# --- colour, width, progress ---


@pytest.mark.slow
def test_piped_text_has_no_colour_unless_asked(snapshot: Snapshot) -> None:
    path = snapshot(BROKEN)
    assert "\x1b" not in run("check", "--from", path).stdout
    assert "\x1b" in run("check", "--from", path, "--color", "always").stdout
    assert "\x1b" in run("--color", "always", "check", "--from", path).stdout
    assert "\x1b" in run("check", "--from", path, env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in run("check", "--from", path, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


@pytest.mark.parametrize(
    ("env", "options", "colour"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"TERM": "dumb"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({}, ["--color", "never"], False),
    ],
)
def test_colour_on_a_terminal(snapshot: Snapshot, env: dict[str, str], options: list[str], colour: bool) -> None:
    shown, code = on_terminal(["check", "--from", snapshot(BROKEN), *options], env=env)
    assert code == 1
    assert ("\x1b[" in what_stays(shown)) is colour


def test_sixty_columns_are_kept(snapshot: Snapshot) -> None:
    shown, _ = on_terminal(["check", "--from", snapshot(BROKEN), "--color", "never"], columns=60)
    lines = what_stays(shown).replace("\r", "").splitlines()
    assert any(line.strip().startswith("sudo apt-get install -y nvidia-driver-") for line in lines)
    prose = [line for line in lines if not line.startswith("     python -m pip")]
    long = [line for line in prose if len(line) > 60 and max(len(word) for word in line.split()) < 40]
    assert long == []


def test_an_ascii_terminal_gets_ascii(snapshot: Snapshot) -> None:
    done = run("check", "--from", snapshot(BROKEN), env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.isascii()
    assert done.stdout.startswith("x broken")


@pytest.mark.slow
def test_progress_is_erased_and_only_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nsleep 3\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown, _ = on_terminal(["check", "--fast", "--timeout", "2.5", "--color", "never"], env=env)
    assert "examining" in shown
    assert shown.rindex("\r\x1b[K") > shown.rindex("examining")
    for quiet in ({"CI": "1"}, {"TERM": "dumb"}):
        assert "examining" not in on_terminal(["check", "--fast", "--timeout", "2.5"], env={**env, **quiet})[0]
    assert run("check", "--fast", "--timeout", "2.5", env=env).stderr == ""


def test_interrupted_is_130(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    child = subprocess.Popen(
        [*COMMAND, "check", "--fast"],
        env={**CLEAN_ENV, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (tmp_path / "pid").exists() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert "Traceback" not in err


# --- verbosity ---


@pytest.mark.slow
def test_quiet_prints_the_verdict_alone(snapshot: Snapshot) -> None:
    for order in (["-q", "check"], ["check", "-q"], ["check", "--quiet"]):
        done = run(order[0], *order[1:], "--from", snapshot(BROKEN))
        assert done.stdout.count("\n") == 1
        assert done.stdout.startswith("✗ broken")


def test_verbose_says_what_passed_and_very_verbose_every_fact(snapshot: Snapshot) -> None:
    assert "Seconds by probe" in run("check", "-v", "--from", snapshot(HEALTHY)).stdout
    very = run("check", "-vv", "--from", snapshot(HEALTHY)).stdout
    assert re.search(r"^  driver\.version: 535", very, re.MULTILINE)


# --- explain ---


def test_explain_lists_every_check() -> None:
    rows = json.loads(run("explain", "--list", "--json").stdout)
    assert len(rows) >= 30
    assert all(set(row) == {"code", "name", "severity", "summary"} and all(row.values()) for row in rows)
    lines = run("explain", "--list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[row["code"], row["name"]] for row in rows]


@pytest.mark.parametrize("word", ["TR001", "tr001", "driver-too-old-for-runtime"])
def test_explain_one(word: str) -> None:
    done = run("explain", word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "driver-too-old-for-runtime" in done.stdout.splitlines()[0]
    assert "Why" in done.stdout.splitlines()
    assert json.loads(run("explain", word, "--json").stdout)["sources"]


# --- places ---


def test_without_a_home_and_with_a_strange_environment() -> None:
    env = {name: value for name, value in CLEAN_ENV.items() if name in ("PATH", "PYTHONPATH")}
    done = subprocess.run(
        [*COMMAND, "check", "--fast", "--json"],
        env={**env, "CUDA_HOME": "\udcff\x1b[31m", "LD_LIBRARY_PATH": "::"}, cwd="/", stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    json.loads(done.stdout)
