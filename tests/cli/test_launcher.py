"""scripts/cudadoctor: starts what is ready, makes what is not, and says in one line what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELLS = [shell for shell in ("dash", "bash", "busybox", "mksh", "zsh") if shutil.which(shell)]

REPORTER = """#!/bin/sh
printf '%s\\n' "$@"
printf 'env:%s %s %s\\n' "${VIRTUAL_ENV-unset}" "${PYTHONPATH-unset}" "${PYTHONDONTWRITEBYTECODE-unset}"
"""
"""Stands for the Python of a finished environment: says how it was started."""

MAKER = """#!/bin/sh
case "$*" in
    *ensurepip*) echo "good $0" ;;
    '-m venv '*) mkdir -p "$3/bin" && cp "{inner}" "$3/bin/python" ;;
    *) exit 9 ;;
esac
"""
"""Stands for a Python that makes environments."""

INNER = """#!/bin/sh
case "$*" in
    *'pip install'*)
        [ -z "${PYTHONDONTWRITEBYTECODE+set}${PIP_USER+set}${PYTHONPATH+set}" ] || exit 7
        echo "Looking in indexes"
        [ -e "$FAKE_NO_NETWORK" ] || exit 0
        echo "ERROR: Could not find a version that satisfies the requirement hatchling"
        exit 1 ;;
    *compileall*) exit 0 ;;
    *) printf '%s\\n' "$@" ;;
esac
"""


class Checkout:
    """A checkout in a folder with a space in its name, with the real launcher and nothing else that is real."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my clone"
        self.folder = folder
        shutil.copytree(ROOT / "scripts/lib", self.root / "scripts/lib")
        shutil.copy(ROOT / "scripts/cudadoctor", self.root / "scripts/cudadoctor")
        (self.root / "pyproject.toml").write_text('[project]\nname = "cudadoctor"\n')
        self.launcher = self.root / "scripts/cudadoctor"
        self.home = folder / "home"
        self.home.mkdir()
        inner = self.program("inner", INNER)
        self.maker = self.program("maker", MAKER.replace("{inner}", str(inner)))

    def program(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def finished(self, venv: Path) -> None:
        (venv / "bin").mkdir(parents=True)
        shutil.copy(self.program("reporter", REPORTER), venv / "bin/python")
        (venv / "cudadoctor.made").touch()
        (venv / "cudadoctor.stamp").write_text(f"{self.root}\n{(self.root / 'pyproject.toml').read_text()}")

    def run(
        self, *arguments: str, env: dict[str, str | None] | None = None, shell: str | None = None,
        program: Path | str | None = None, cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        start = {"busybox": ["busybox", "sh"]}.get(shell or "", [shell] if shell else [])
        whole: dict[str, str] = {"PATH": os.environ["PATH"], "HOME": str(self.home), "PYTHON": str(self.maker)}
        for name, value in (env or {}).items():
            whole.pop(name, None)
            if value is not None:
                whole[name] = value
        return subprocess.run(
            [*start, str(program or self.launcher), *arguments],
            env=whole, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last line on standard error; there is no output, and the exit code is that of a tool that cannot work."""
    assert (done.returncode, done.stdout) == (3, "")
    line = done.stderr.rstrip("\n").splitlines()[-1]
    assert line.startswith("cudadoctor: ")
    return line


@pytest.mark.parametrize("shell", SHELLS)
def test_a_finished_environment_is_only_started(checkout: Checkout, shell: str) -> None:
    checkout.finished(checkout.root / ".venv")
    done = checkout.run("check", "--env", "a b", "", shell=shell, env={"PYTHONPATH": "/mine", "VIRTUAL_ENV": None})
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["-I", "-m", "cudadoctor", "check", "--env", "a b", "", "env:unset /mine unset"]


def test_through_links_and_from_anywhere(checkout: Checkout, tmp_path: Path) -> None:
    checkout.finished(checkout.root / ".venv")
    (tmp_path / "absolute").symlink_to(checkout.launcher)
    (tmp_path / "relative").symlink_to("absolute")
    ways: list[tuple[str, Path]] = [
        (f"{tmp_path}/relative", Path("/")),
        ("./relative", tmp_path),
        ("./cudadoctor", checkout.root / "scripts"),
        ("scripts/cudadoctor", checkout.root),
    ]
    for program, cwd in ways:
        done = checkout.run("x", program=program, cwd=cwd, env={"CDPATH": str(tmp_path)})
        assert (done.stderr, done.stdout.splitlines()[:4]) == ("", ["-I", "-m", "cudadoctor", "x"])


@pytest.mark.parametrize("shell", SHELLS)
def test_the_first_run_makes_it_and_the_second_does_not(checkout: Checkout, shell: str) -> None:
    hostile = {"PYTHONDONTWRITEBYTECODE": "1", "PIP_USER": "1", "PYTHONPATH": "/mine"}
    first = checkout.run("x", shell=shell, env=dict(hostile))
    assert first.stdout.splitlines() == ["-I", "-m", "cudadoctor", "x"]
    assert "making a virtual environment" in first.stderr
    second = checkout.run("x", shell=shell)
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert not list(checkout.root.glob(".venv*lock"))


def test_a_changed_pyproject_or_place_renews_it(checkout: Checkout) -> None:
    checkout.run("x")
    (checkout.root / "pyproject.toml").write_text("[project]\n")
    assert "making a virtual environment" in checkout.run("x").stderr
    assert checkout.run("x").stderr == ""
    moved = checkout.root.rename(checkout.root.with_name("moved"))
    done = checkout.run("x", program=moved / "scripts/cudadoctor")
    assert "making a virtual environment" in done.stderr


def test_an_unfinished_one_is_made_anew(checkout: Checkout) -> None:
    checkout.run("x")
    (checkout.root / ".venv/cudadoctor.stamp").unlink()
    (checkout.root / ".venv/half").touch()
    assert checkout.run("x").returncode == 0
    assert not (checkout.root / ".venv/half").exists()


def test_a_lock_of_a_dead_process_is_removed(checkout: Checkout) -> None:
    lock = checkout.root / ".venv-lock"
    lock.mkdir()
    dead = subprocess.Popen(["true"])
    dead.wait()
    (lock / "pid").write_text(f"{dead.pid}\n")
    assert checkout.run("x").returncode == 0
    assert not lock.exists()


@pytest.mark.slow
def test_two_first_runs_at_once(checkout: Checkout) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHON": str(checkout.maker)}
    both = [
        subprocess.Popen(
            [checkout.launcher, "x"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert [(one.communicate(timeout=60)[0], one.returncode) for one in both] == [(b"-I\n-m\ncudadoctor\nx\n", 0)] * 2


def test_pip_that_fails_is_said_with_its_words(checkout: Checkout) -> None:
    (checkout.folder / "offline").touch()
    line = one_line(checkout.run("x", env={"FAKE_NO_NETWORK": str(checkout.folder / "offline")}))
    assert "Could not find a version" in line
    assert "network" in line
    assert checkout.run("x").returncode == 0, "once it is online again, it works"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("old 3.8 /usr/bin/python3.8", ("3.8", "3.10 or newer", "PYTHON=")),
        ("bare 3.99 /opt/python3.99", ("python3.99-venv", "PYTHON=")),
    ],
)
def test_a_python_that_will_not_do(checkout: Checkout, answer: str, said: tuple[str, ...]) -> None:
    wrong = checkout.program("wrong", f"#!/bin/sh\necho '{answer}'\n")
    apt = checkout.folder / "apt"
    apt.mkdir()
    checkout.program("apt/apt-get", "#!/bin/sh\n")
    line = one_line(checkout.run("x", env={"PYTHON": str(wrong), "PATH": f"{apt}:{os.environ['PATH']}"}))
    assert all(word in line for word in said), line


def test_a_python_that_is_not_there(checkout: Checkout) -> None:
    assert "/nowhere/python" in one_line(checkout.run("x", env={"PYTHON": "/nowhere/python"}))


def test_a_real_python_answers(checkout: Checkout) -> None:
    """The question that find_python asks is understood by a real interpreter."""
    import sys

    script = f'root=.; . "{ROOT}/scripts/lib/venv.sh"; ask_python "$1"'
    done = subprocess.run(["sh", "-c", script, "sh", sys.executable], capture_output=True, text=True, check=True)
    assert done.stdout == f"good {sys.executable}\n"


def test_a_folder_that_is_not_ours_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    own = checkout.root / ".venv"
    own.mkdir()
    (own / "mine").touch()
    assert checkout.run("x").returncode == 0
    assert (own / "mine").exists()
    assert (checkout.root / ".venv-cudadoctor/bin/python").exists()
    named = tmp_path / "precious"
    named.mkdir()
    (named / "mine").touch()
    assert str(named) in one_line(checkout.run("x", env={"CUDADOCTOR_VENV": str(named)}))
    assert (named / "mine").exists()


def test_a_place_of_the_users_choice(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.run("x", env={"CUDADOCTOR_VENV": str(tmp_path / "new/one")}).returncode == 0
    assert (tmp_path / "new/one/bin/python").exists()
    assert not (checkout.root / ".venv").exists()


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere, no setpriv")
def test_a_read_only_checkout_uses_the_cache(open_folder: Path) -> None:
    checkout = Checkout(open_folder)

    def run(home: Path | None) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "PYTHON": str(checkout.maker)} | ({"HOME": str(home)} if home else {})
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        return subprocess.run(
            [*drop, str(checkout.launcher), "x"],
            env=env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    home = open_folder / "theirs"
    home.mkdir()
    home.chmod(0o777)
    checkout.root.chmod(0o555)
    try:
        assert run(home).stdout.splitlines() == ["-I", "-m", "cudadoctor", "x"]
        assert run(home).stderr == ""
        assert len(list(home.glob(".cache/cudadoctor/venv-*/cudadoctor.stamp"))) == 1
        assert "CUDADOCTOR_VENV" in one_line(run(None))
        shutil.rmtree(home / ".cache")
        home.chmod(0o555)
        assert "CUDADOCTOR_VENV" in one_line(run(home))
    finally:
        checkout.root.chmod(0o755)
        home.chmod(0o755)


def test_the_callers_variables_are_data(checkout: Checkout) -> None:
    checkout.finished(checkout.root / ".venv")
    checkout.program("reporter", "#!/bin/sh\nenv\n")
    shutil.copy(checkout.folder / "reporter", checkout.root / ".venv/bin/python")
    env: dict[str, str | None] = {
        "LD_LIBRARY_PATH": "/a b:$x",
        "LD_DEBUG_OUTPUT": "",
        "PATH": f"/usr/bin:/bin:{checkout.folder}",
    }
    printed = checkout.run("check", env=env).stdout.splitlines()
    assert "CUDADOCTOR_CALLER_LD_LIBRARY_PATH=/a b:$x" in printed
    assert "CUDADOCTOR_CALLER_LD_DEBUG_OUTPUT=" in printed
    assert not [line for line in printed if line.startswith("LD_")]
    assert f"PATH={env['PATH']}" in printed


def test_the_tool_has_the_callers_variables_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from cudadoctor.__main__ import restore_environment

    monkeypatch.setenv("CUDADOCTOR_CALLER_LD_PRELOAD", "/x.so")
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    restore_environment()
    assert os.environ.pop("LD_PRELOAD") == "/x.so"
    assert "CUDADOCTOR_CALLER_LD_PRELOAD" not in os.environ


def test_a_broken_library_of_the_caller_does_not_stop_it(checkout: Checkout, tmp_path: Path) -> None:
    checkout.finished(checkout.root / ".venv")
    python = checkout.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to(sys.executable)
    for name in ("libz.so.1", "libm.so.6", "libexpat.so.1", "libpthread.so.0"):
        (tmp_path / name).write_bytes(b"no library")
    done = checkout.run("-c", "0", env={"LD_LIBRARY_PATH": str(tmp_path)})
    # `python -I -m cudadoctor` has no such module there: that Python itself came up is what counts.
    assert "cannot open shared object" not in done.stderr
    assert "invalid ELF header" not in done.stderr
    assert "cudadoctor" in done.stderr


def test_no_program_of_the_callers_path_is_run(checkout: Checkout, tmp_path: Path) -> None:
    checkout.finished(checkout.root / ".venv")
    planted = tmp_path / "planted"
    planted.mkdir()
    for name in ("cat", "id", "dirname", "readlink", "cksum", "cut", "ls", "rm", "mkdir"):
        (planted / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n")
        (planted / name).chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(checkout.launcher)
    assert checkout.run("check", env={"PATH": f"{planted}:/usr/bin:/bin"}, program=link).returncode == 0
    assert not list(tmp_path.glob("ran-*"))
