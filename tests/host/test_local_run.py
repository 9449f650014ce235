"""LocalHost.run: programs that behave, and programs that do not."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cudadoctor.host.base import HELPER_PYTHON, Completed, Denied, Failed, Missing, TimedOut
from cudadoctor.host.local import LocalHost

HOST = LocalHost()


def python(code: str, *, timeout: float = 20.0, stdin: bytes = b"") -> Completed:
    return HOST.run([HELPER_PYTHON, "-I", "-c", code], timeout=timeout, stdin=stdin)


def late(code: str, timeout: float = 2.0) -> TimedOut:
    with pytest.raises(TimedOut) as caught:
        python(code, timeout=timeout)
    return caught.value


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def is_gone(pid: int) -> bool:
    """Wait for the kernel to have done what SIGKILL asked."""
    for _ in range(500):
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_program_that_ends() -> None:
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.returncode, done.stdout, done.stderr, done.truncated) == (3, b"out\n", b"err\n", False)
    assert done.argv[0] == HELPER_PYTHON


def test_a_signal_is_a_negative_status() -> None:
    assert python("import os; os.kill(os.getpid(), 11)").returncode == -signal.SIGSEGV


def test_binary_output_is_kept_as_it_is() -> None:
    assert python("import sys; sys.stdout.buffer.write(bytes(range(256)))").stdout == bytes(range(256))


def test_stdin_is_empty_or_what_was_given() -> None:
    assert python("import sys; print(len(sys.stdin.read()))").stdout == b"0\n"
    assert python("import sys; print(len(sys.stdin.read()))", stdin=b"x" * 300_000).stdout == b"300000\n"
    # One that does not read it is not waited for.
    assert python("pass", stdin=b"x" * 300_000).returncode == 0


def test_environment_and_session(monkeypatch: pytest.MonkeyPatch) -> None:
    host = LocalHost({"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8", "LANGUAGE": "de", "GONE": "1", "KEPT": "2"})
    code = "import os; names = sorted(name for name in os.environ if name != 'LC_CTYPE')\n"
    code += "print(names, os.environ['LC_ALL'], os.getsid(0) == os.getpid())"
    done = host.run([HELPER_PYTHON, "-c", code], timeout=20, env={"GONE": None, "ADDED": "3"})
    assert done.stdout == b"['ADDED', 'KEPT', 'LANG', 'LC_ALL', 'PATH'] C True\n"


def test_no_shell() -> None:
    assert HOST.run(["echo", "$HOME; ls *"], timeout=20).stdout == b"$HOME; ls *\n"


def test_no_descriptor_is_inherited(tmp_path: Path) -> None:
    with open(tmp_path / "held", "w") as held:
        os.set_inheritable(held.fileno(), True)
        code = (
            "import os\nfor link in os.listdir('/proc/self/fd'):\n  try: print(os.readlink('/proc/self/fd/' + link))\n"
        )
        assert b"held" not in python(code + "  except OSError: pass").stdout


def test_output_bombs_are_read_and_dropped() -> None:
    done = python("import sys\nfor _ in range(100): sys.stdout.write('x' * 50_000); sys.stderr.write('y' * 50_000)")
    assert (len(done.stdout), len(done.stderr), done.truncated, done.returncode) == (1 << 20, 1 << 20, True, 0)


def test_what_cannot_be_started(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    plain.chmod(0o644)
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x7fELF garbage")
    garbage.chmod(0o755)
    orphan = tmp_path / "orphan"
    orphan.write_text("#!/no/such/interpreter\n")
    orphan.chmod(0o755)
    for name, refusal in {
        "absent-program-of-nobody": Missing,
        str(tmp_path / "absent"): Missing,
        str(plain / "below"): Missing,
        str(plain): Denied,
        str(tmp_path): Denied,
        str(garbage): Failed,
        str(orphan): Failed,
        "nul\0name": Missing,
    }.items():
        with pytest.raises(refusal) as caught:
            HOST.run([name], timeout=5)
        assert caught.value.what == name
    with pytest.raises(Missing):
        HOST.run([], timeout=5)


@pytest.mark.slow
def test_time_out_keeps_what_was_printed_and_ends_the_program() -> None:
    end = late("import time; print('so far', flush=True); time.sleep(60)")
    assert (end.stdout, end.stuck) == (b"so far\n", False)
    assert end.pid is not None
    assert is_gone(end.pid)


@pytest.mark.slow
def test_sigterm_ignored_makes_no_difference() -> None:
    code = "import signal, time\nfor s in (1, 2, 3, 13, 15): signal.signal(s, signal.SIG_IGN)\n"
    code += "print('on', flush=True); time.sleep(60)"
    end = late(code)
    assert end.stdout == b"on\n"
    assert not end.stuck
    assert end.pid is not None
    assert is_gone(end.pid)


@pytest.mark.slow
def test_all_descendants_are_ended() -> None:
    code = (
        "import os, time\n"
        "for away in (False, True):\n"
        "  if os.fork() == 0:\n"
        "    if away: os.setsid()\n"
        "    print(os.getpid(), flush=True); time.sleep(60); os._exit(0)\n"
        "time.sleep(60)"
    )
    pids = [int(word) for word in late(code).stdout.split()]
    assert len(pids) == 2
    assert all(is_gone(pid) for pid in pids)


def test_grandchild_that_keeps_the_output_open_is_not_waited_for() -> None:
    code = "import os, time\nif os.fork() == 0:\n  time.sleep(50); os._exit(0)\nprint('done')"
    start = time.monotonic()
    done = python(code, timeout=45)
    assert (done.stdout, done.returncode) == (b"done\n", 0)
    assert time.monotonic() - start < 40


def test_what_a_program_leaves_behind_is_ended_with_it() -> None:
    code = "import os, time\npid = os.fork()\nif pid == 0:\n  os.close(1); os.close(2); time.sleep(50); os._exit(0)\n"
    code += "print(pid)"
    assert is_gone(int(python(code).stdout))


def test_program_that_closes_its_output_is_waited_for() -> None:
    done = python("import os, time; os.close(1); os.close(2); time.sleep(0.4); os._exit(7)")
    assert done.returncode == 7


@pytest.mark.slow
def test_hang_is_told_from_slowness() -> None:
    assert late("import time; time.sleep(60)", timeout=3.0).idle is True
    memory = "import mmap\nwhile True:\n  new = mmap.mmap(-1, 1 << 20); new[:] = bytes(1 << 20); new.close()"
    assert late(memory, timeout=3.0).idle is False
    assert late("import time\nwhile True: print('.', flush=True); time.sleep(0.05)", timeout=3.0).idle is False
    reader = "import time\nwhile True: open('/proc/version').read(); time.sleep(0.3)"
    assert late(reader, timeout=3.0).idle is False
    busy_child = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  while True: os.stat('/')\ntime.sleep(60)"
    assert late(busy_child, timeout=3.0).idle is False


@pytest.mark.slow
def test_an_endless_loop_is_a_hang() -> None:
    assert late("while True: pass", timeout=3.0).idle is True
    child = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  while True: pass\ntime.sleep(60)"
    assert late(child, timeout=3.0).idle is True


@pytest.mark.slow
def test_waiting_in_small_pieces_is_a_hang() -> None:
    with pytest.raises(TimedOut) as caught:
        HOST.run(["/bin/sh", "-c", "trap '' TERM\nwhile :; do sleep 1; done"], timeout=6.0)
    assert caught.value.idle is True


def test_a_limit_of_nothing_is_a_time_out() -> None:
    assert late("import time; time.sleep(60)", timeout=0).idle in {None, False}


def test_several_threads_at_once() -> None:
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = HOST.run(["sh", "-c", f"sleep 0.0{number % 5}; echo {number}"], timeout=30).stdout

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"{number}\n".encode() for number in range(16)}


def test_no_descriptor_or_zombie_is_left() -> None:
    before = len(os.listdir("/proc/self/fd"))
    children = psutil.Process().children()
    for _ in range(5):
        python("pass")
        late("import time; time.sleep(60)", timeout=0.1)
    assert len(os.listdir("/proc/self/fd")) == before
    assert psutil.Process().children() == children


TRACED = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
read, write = os.pipe()
libc.prctl(0x59616D61, -1, 0, 0, 0)       # PR_SET_PTRACER, for anybody: Yama would refuse it else
parent = os.getpid()
if os.fork() == 0:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.1)
    ok = libc.ptrace(0x4206, parent, 0, 0)   # PTRACE_SEIZE
    open(sys.argv[1], "w").write(f"{os.getpid()} {ok}")
    for stream in (0, 1, 2):
        os.close(stream)
    os.write(write, b"x")
    time.sleep(100)
    os._exit(0)
os.wait()
os.read(read, 1)
print("traced", flush=True)
time.sleep(100)
"""


@pytest.fixture
def tracer_note(tmp_path: Path) -> Iterator[Path]:
    note = tmp_path / "tracer"
    yield note
    if note.exists():
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)


@pytest.mark.slow
def test_one_that_is_held_after_sigkill_is_abandoned(tracer_note: Path) -> None:
    """A process whose tracer does not collect it stays uncollectable for its parent, as one in state D does."""
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        HOST.run([HELPER_PYTHON, "-I", "-c", TRACED, str(tracer_note)], timeout=3)
    if not tracer_note.exists() or tracer_note.read_text().split()[1] != "0":
        pytest.skip("this system allows no tracing")
    end = caught.value
    assert (end.stuck, end.stdout) == (True, b"traced\n")
    assert end.pid is not None
    assert time.monotonic() - start < 60  # the tracer would hold it for 100
    assert os.path.exists(f"/proc/{end.pid}")


FREEZER = Path("/sys/fs/cgroup/freezer")


@pytest.fixture
def freezer() -> Iterator[Path]:
    group = FREEZER / f"cudadoctor-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup v1 freezer may be used here: {error}")
    yield group
    (group / "freezer.state").write_text("THAWED")
    for _ in range(500):
        if not (group / "cgroup.procs").read_text():
            break
        time.sleep(0.01)
    group.rmdir()


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_a_frozen_process_is_abandoned_and_named(freezer: Path, whole: bool) -> None:
    """A frozen process does not die of SIGKILL: the nearest thing to state D that can be made at will."""
    freeze = (
        f"open('{freezer}/cgroup.procs', 'w').write(str(os.getpid())); print(os.getpid(), flush=True)\n"
        f"open('{freezer}/freezer.state', 'w').write('FROZEN')\n"
        "time.sleep(60)"
    )
    inner = "if os.fork() == 0:\n " + freeze.replace("\n", "\n ") + "\n"
    code = "import os, time\n" + (freeze if whole else inner + "time.sleep(60)")
    end = late(code, timeout=3.0)
    assert end.stuck
    assert end.pid == int(end.stdout)
    assert end.idle is True
    assert "could not be killed" in end.reason
    (freezer / "freezer.state").write_text("THAWED")
    assert is_gone(end.pid)


@pytest.mark.slow
def test_a_program_that_left_its_parent_in_vfork_is_ended() -> None:
    """The parent of vfork sleeps uninterruptibly until its child has gone; SIGKILL still ends both."""
    code = "import ctypes, os\npid = ctypes.CDLL(None).vfork()\nif pid == 0: ctypes.CDLL(None).pause()"
    end = late(code, timeout=2.0)
    assert end.stuck is False


def test_the_helper_is_the_system_s_where_the_own_interpreter_cannot_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "python3"
    own.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "locked"))
    found = LocalHost(env={"PATH": str(tmp_path)}).run([HELPER_PYTHON, "-I", "-c", "print(7)"], timeout=20)
    assert found.stdout == b"7\n"
