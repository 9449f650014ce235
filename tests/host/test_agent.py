"""The far end of `--via`, under real interpreters: what it says of a machine is what LocalHost says of it."""

from __future__ import annotations

import glob
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.api import examine as api
from cudadoctor.cli.app import run as cli
from cudadoctor.errors import CudaDoctorError
from cudadoctor.host import codec
from cudadoctor.host.base import HELPER_PYTHON, Completed, TimedOut
from cudadoctor.host.local import LocalHost
from cudadoctor.host.recording import Recording, RecordingHost
from cudadoctor.host.remote import Link, program
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect


def interpreters() -> list[str]:
    """This one, and those that pyenv has, from 3.6 on."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return [sys.executable, *sorted(glob.glob(f"{root}/versions/3.*/bin/python"))]


PYTHONS = pytest.mark.parametrize("python", interpreters(), ids=lambda path: "/".join(path.split("/")[-3:-2]) or path)
CHANGES = {"processes", "limits", "identity"}
"""Two looks at them differ by themselves; compared apart."""


def via(python: str) -> str:
    return f"{shlex.quote(python)} -"


def asked(python: str, *questions: codec.Question, seconds: float = 30.0) -> list[codec.Answer]:
    return list(Link(via(python), seconds).ask(questions))


def value(answer: codec.Answer) -> Any:
    return codec.decode(answer)


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """Everything that the probes ask of this machine, with LocalHost's answers."""
    host = RecordingHost(LocalHost())
    collect(host, Request(fast=True))
    return host.recording


def _same(answer: codec.Answer) -> Any:
    """What two looks at one machine agree on: no times, no process numbers, and bytes whatever their form."""
    data = answer.get("gives", answer.get("refuses"))
    if isinstance(data, dict):
        data = {name: codec.unpack(one) if name in ("stdout", "stderr") else one for name, one in data.items()}
        if set(data) & {"text", "lines", "base64"}:
            return codec.unpack(data)
        for name in ("seconds", "pid", "what"):
            data.pop(name, None)
    return data


@PYTHONS
def test_it_answers_as_the_local_host_does(python: str, recorded: Recording) -> None:
    answers = [one for one in recorded.data()["answers"] if one["ask"]["do"] not in CHANGES]
    # Helper scripts are started by another interpreter there, and say so.
    answers = [one for one in answers if HELPER_PYTHON not in one["ask"].get("argv", ())]
    questions = [{"timeout": 20.0, **one["ask"]} if one["ask"]["do"] == "run" else one["ask"] for one in answers]
    assert len(questions) > 100
    different = [
        (one["ask"], _same(one), _same(there))
        for one, there in zip(answers, asked(python, *questions), strict=True)
        if _same(one) != _same(there) and "/proc/" not in json.dumps(one["ask"])
    ]
    assert different == []


@PYTHONS
def test_who_asks_and_the_limits(python: str) -> None:
    who, limits, processes = (codec.question(do) for do in ("identity", "limits", "processes"))
    there = [value(one) for one in asked(python, who, limits, processes)]
    here = LocalHost()
    ours = here.identity()
    assert there[0].tool_prefix is None
    names = ("machine", "kernel", "libc", "user", "uid", "groups", "hostname", "home", "cwd")
    assert [getattr(there[0], name) for name in names] == [getattr(ours, name) for name in names]
    assert (there[1].open_files, there[1].shm_size) == (here.limits().open_files, here.limits().shm_size)
    mine = {(one.pid, one.name, one.owner, one.argv) for one in here.processes()}
    found = {(one.pid, one.name, one.owner, one.argv) for one in there[2]}
    assert len(mine & found) >= 0.8 * len(mine)


@PYTHONS
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("file", b"some\xff"),
        ("missing", "missing"),
        ("folder", "failed"),
        ("fifo", "failed"),
        ("loop", "missing"),
        ("file/x", "missing"),
        ("nul\0", "missing"),
    ],
)
def test_files(python: str, path: str, expected: object, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"some\xff")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (answer,) = asked(python, codec.question("read", path=f"{tmp_path}/{path}"))
    assert (answer["refuses"]["kind"] if "refuses" in answer else value(answer)) == expected
    assert _same(codec.perform(LocalHost(), codec.question("read", path=f"{tmp_path}/{path}"))) == _same(answer)


@pytest.mark.parametrize(
    "pattern", ["*", ".*", "**", "**/deep", "[ab]*/", "a?", "link/*", "*/deep", "none*", "a/deep", "", "a/**/x"]
)
def test_patterns(pattern: str, tmp_path: Path) -> None:
    for folder in ("a/deep/x", "ab/deep", ".hidden/deep", "b"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dangling").symlink_to("nowhere")
    question = codec.question("glob", pattern=f"{tmp_path}/{pattern}")
    (answer,) = asked(sys.executable, question)
    assert value(answer) == LocalHost().glob(f"{tmp_path}/{pattern}")


def programs(timeout: float, *argv: str, **more: Any) -> codec.Question:
    return codec.question("run", argv=list(argv), timeout=timeout, **more)


@PYTHONS
def test_programs(python: str) -> None:
    answers = asked(
        python,
        programs(10, "sh", "-c", "cat; echo err >&2; exit 3", stdin=codec.pack(b"in\xff")),
        programs(10, "sh", "-c", "kill -SEGV $$"),
        programs(10, "sh", "-c", 'printf "$LC_ALL $GIVEN ${HOME-none}"', env={"GIVEN": "x", "HOME": None}),
        programs(10, "no-such-program"),
        programs(10, "head", "-c", "3000000", "/dev/zero"),
        programs(10, HELPER_PYTHON, "-c", "import sys; print(sys.executable)"),
    )
    first = value(answers[0])
    assert isinstance(first, Completed)
    assert (first.returncode, first.stdout, first.stderr) == (3, b"in\xff", b"err\n")
    assert value(answers[1]).returncode == -signal.SIGSEGV
    assert value(answers[2]).stdout == b"C x none"
    assert answers[3]["refuses"]["kind"] == "missing"
    assert (value(answers[4]).truncated, len(value(answers[4]).stdout)) == (True, 1 << 20)
    assert value(answers[5]).stdout.decode().strip() == python


@pytest.mark.slow
def test_hangs_are_told_from_slowness_as_here() -> None:
    memory = "import mmap\nwhile True:\n  new = mmap.mmap(-1, 1 << 20); new[:] = bytes(1 << 20); new.close()"
    answers = asked(
        sys.executable,
        programs(3, HELPER_PYTHON, "-c", "import time; time.sleep(60)"),
        programs(3, HELPER_PYTHON, "-c", "while True: pass"),
        programs(3, HELPER_PYTHON, "-c", memory),
        programs(3, "sh", "-c", "echo before; trap '' TERM; sleep 60"),
    )
    outcomes = []
    for answer in answers:
        with pytest.raises(TimedOut) as caught:
            value(answer)
        outcomes.append((caught.value.idle, caught.value.stuck))
    assert outcomes == [(True, False), (True, False), (False, False), (True, False)]
    assert caught.value.stdout == b"before\n"


def running(marker: str) -> list[int]:
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if marker.encode() in Path(path).read_bytes():
                found.append(int(path.split("/")[2]))
        except OSError:  # noqa: PERF203  it ended meanwhile
            continue
    return found


def gone(marker: str) -> bool:
    end = time.monotonic() + 5
    while running(marker) and time.monotonic() < end:
        time.sleep(0.05)
    return not running(marker)


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[str]:
    """A word that only the programs of this test have on their command line."""
    word = f"cudadoctor-test-{tmp_path.name}-{os.getpid()}"
    yield word
    for pid in running(word):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("end", ["close", "SIGTERM", "SIGHUP"])
def test_the_death_of_the_link_ends_it_and_what_it_started(marker: str, end: str) -> None:
    question = programs(60, "sh", "-c", f"sleep 60; : {marker}")
    process = subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(program([question], 60))
    process.stdin.close()
    while not running(marker):
        time.sleep(0.02)
    if end == "close":
        process.stdout.close()
    else:
        process.send_signal(getattr(signal, end))
    assert process.wait(10) == 1
    assert gone(marker)
    process.stdout.close()


def test_what_does_not_answer_in_time_is_left_behind(tmp_path: Path) -> None:
    start = time.monotonic()
    slow = programs(600, "sleep", "600")
    fast = codec.question("which", name="sh")
    answers = asked(sys.executable, slow, fast, seconds=1.5)
    assert time.monotonic() - start < 20
    assert value(answers[1])
    assert answers[0]["refuses"]["kind"] == "timed-out"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("no-such-program-anywhere -", "cannot be started"),
        ("'", "not a command line"),
        ("", "an empty command"),
        ("sh -c 'echo who are you >&2; exit 255'", "exit status 255): who are you"),
        ("sh -c 'exit 127'", "a program was not found"),
        ("cat", "no python3 answered"),
        ("sh -c 'echo --- cudadoctor-agent/1 too old: Python 2.7'", "Python 2.7 is too old there"),
        ("printf '%s\\n' '--- cudadoctor-agent/1 begin json' e30= '--- cudadoctor-agent/1 end'", "not the agent's"),
        ("printf '%s\\n' '--- cudadoctor-agent/1 begin zlib' e30= '--- cudadoctor-agent/1 end'", "damaged"),
    ],
)
def test_what_a_link_can_come_to(command: str, says: str) -> None:
    with pytest.raises(CudaDoctorError) as caught:
        Link(command, 5).ask([codec.question("identity")])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_login_shell_that_greets_does_no_harm(tmp_path: Path) -> None:
    wrapper = tmp_path / "ssh"
    wrapper.write_text(f'#!/bin/sh\necho "Welcome to gpu01"\nexec {shlex.quote(sys.executable)} "$@"\n')
    wrapper.chmod(0o755)
    (answer,) = Link(f"{wrapper} -", 20).ask([codec.question("which", name="sh")])
    assert value(answer)


@PYTHONS
def test_a_whole_check_finds_the_same(python: str) -> None:
    request = Request(fast=True)
    here = api.examine_host(LocalHost(), request)
    there = api.examine_host(api.far_host(via(python), request), request)
    assert (there.status, there.root_causes) == (here.status, here.root_causes)
    assert [one.id for one in there.findings] == [one.id for one in here.findings]
    assert there.facts.os == here.facts.os
    assert there.facts.toolkit == here.facts.toolkit
    assert there.facts.driver == here.facts.driver


def test_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli(["check", "--fast", "--json", "--fail-on", "never", "--via", via(sys.executable)]) == 0
    assert json.loads(capsys.readouterr().out)["facts"]["os"]["kernel"] == os.uname().release
    assert cli(["check", "--via", "false"]) == 2
    assert "no python3 answered there (exit status 1)" in capsys.readouterr().err
    assert cli(["check", "--via", "x", "--root", "/"]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert cli(["check", "--root", f"{tmp_path}/none"]) == 2
    assert "No such file" in capsys.readouterr().err


@PYTHONS
def test_the_agent_records_a_machine_without_cudadoctor(
    python: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli(["agent", "--fast"]) == 0
    text = capsys.readouterr().out
    done = subprocess.run([python, "-"], input=text.encode(), capture_output=True, check=True, timeout=60)
    (tmp_path / "snapshot.json").write_bytes(done.stdout)
    assert cli(["check", "--json", "--fail-on", "never", "--from", str(tmp_path / "snapshot.json")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["facts"]["os"]["kernel"] == os.uname().release
    assert report["status"] != "healthy"  # one round does not know everything, and says so
    assert any("not asked" in gap["reason"] for gap in report["gaps"])


def test_a_root_knows_nothing_of_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    assert cli(["check", "--json", "--fail-on", "never", "--root", str(tmp_path)]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert (facts["os"]["id"], facts["os"]["version_id"]) == ("debian", "12")
    assert facts["os"]["kernel"] in (None, "")
    assert not facts["gpus"]
    assert os.uname().release not in json.dumps(facts)
    assert facts["toolkits"] == []


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[str]:
    """The command that leads to a real sshd on the loopback interface, by a key made for this test."""
    sshd = shutil.which("sshd") or ("/usr/sbin/sshd" if os.path.exists("/usr/sbin/sshd") else None)
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH here: the link over a real sshd is not tested")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "keys").write_text((tmp_path / "user.pub").read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = (
        f"ListenAddress 127.0.0.1:{port}\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/keys\n"
        f"PidFile {tmp_path}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"SetEnv PATH={os.path.dirname(sys.executable)}:/usr/bin:/bin\n"
    )
    (tmp_path / "sshd_config").write_text(settings)
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # without it sshd as root does not start
    server = subprocess.Popen([sshd, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=subprocess.PIPE)
    command = (
        f"ssh -p {port} -i {tmp_path}/user -o BatchMode=yes -o StrictHostKeyChecking=no -o IdentitiesOnly=yes "
        f"-o UserKnownHostsFile={tmp_path}/known -o LogLevel=ERROR 127.0.0.1"
    )
    end = time.monotonic() + 10
    while subprocess.run([*shlex.split(command), "true"], capture_output=True, check=False).returncode != 0:
        if time.monotonic() > end:
            server.kill()
            pytest.skip(f"sshd does not serve here: {server.communicate()[1].decode(errors='replace')[-300:]}")
        time.sleep(0.1)
    yield command
    server.terminate()
    server.communicate(timeout=10)


@pytest.mark.slow
def test_over_a_real_sshd(ssh: str, marker: str) -> None:
    request = Request(fast=True)
    report = api.examine_host(api.far_host(f"{ssh} python3 -", request), request)
    assert report.facts.os is not None
    assert report.facts.os.kernel == os.uname().release
    with pytest.raises(CudaDoctorError) as caught:
        Link(f"{ssh} no-such-python -", 10).ask([codec.question("identity")])
    assert "exit status 127" in str(caught.value)
    question = programs(60, "sh", "-c", f"trap '' HUP; sleep 60; : {marker}")
    client = subprocess.Popen(shlex.split(f"{ssh} python3 -"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert client.stdin is not None
    client.stdin.write(program([question], 60))
    client.stdin.close()
    while not running(marker):
        time.sleep(0.02)
    client.kill()
    client.wait(10)
    assert gone(marker)
