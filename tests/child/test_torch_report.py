"""The script that imports torch, under real interpreters, with planted torches that behave and that do not."""

from __future__ import annotations

import glob
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.host.base import TimedOut
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import child

SCRIPT = child.script("torch_report.py")


def interpreters() -> list[str]:
    """This one, and those that pyenv has, from 3.6 on."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return [sys.executable, *sorted(glob.glob(f"{root}/versions/3.*/bin/python"))]


PYTHONS = pytest.mark.parametrize("python", interpreters(), ids=lambda path: "/".join(path.split("/")[-3:-2]) or path)

GOOD = """
import types, warnings
print("a greeting on stdout")
__version__ = "1.4.0"
version = types.SimpleNamespace(cuda="10.1", hip=None)
class _C:
    @staticmethod
    def _cuda_getArchFlags(): return "sm_35 sm_70"
class cuda:
    @staticmethod
    def is_available():
        warnings.warn("CUDA initialization: planted")
        return {available}
    @staticmethod
    def init(): raise RuntimeError("the driver is too old")
    @staticmethod
    def device_count(): return 2
    @staticmethod
    def get_device_capability(index): return (6, index)
    @staticmethod
    def get_device_name(index): return "Planted %d" % index
backends = types.SimpleNamespace(cudnn=types.SimpleNamespace(version=lambda: 7603))
"""


def plant(folder: Path, source: str) -> Path:
    package = folder / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source)
    return folder


def run(
    python: str, site: Path | None, *, timeout: float = 30.0, cwd: Path | None = None
) -> tuple[list[dict[str, Any]], int]:
    env = {"PYTHONPATH": str(site) if site else None, "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [python, "-", "torch_report/1"]
    if cwd is not None:
        argv = ["sh", "-c", f'cd "{cwd}" && exec "$0" "$@"', *argv]
    done = LocalHost().run(argv, timeout=timeout, env=env, stdin=SCRIPT)
    return said(done.stdout), done.returncode


def said(stdout: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines() if line]


def by_step(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["step"]: line for line in lines}


@PYTHONS
def test_all_steps(python: str, tmp_path: Path) -> None:
    lines, status = run(python, plant(tmp_path, GOOD.replace("{available}", "True")))
    steps = by_step(lines)
    assert status == 0
    assert [line["step"] for line in lines] == [
        "start", "import", "imported", "cuda-init", "cuda", "devices", "counted", "device", "device", "cudnn",
        "cudnn-version", "end",
    ]  # fmt: skip
    assert (steps["imported"]["cuda"], steps["imported"]["archs"]) == ("10.1", "sm_35 sm_70")
    assert steps["cuda"] == {
        "step": "cuda",
        "available": True,
        "warnings": ["CUDA initialization: planted"],
        "error": None,
    }
    assert steps["device"] == {"step": "device", "index": 1, "name": "Planted 1", "major": 6, "minor": 1}
    assert (steps["counted"]["count"], steps["cudnn-version"]["number"]) == (2, 7603)


@PYTHONS
def test_what_torch_keeps_to_itself(python: str, tmp_path: Path) -> None:
    steps = by_step(run(python, plant(tmp_path, GOOD.replace("{available}", "False")))[0])
    assert steps["cuda"]["available"] is False
    assert steps["cuda"]["error"] == "RuntimeError: the driver is too old"
    assert "device" not in steps
    assert steps["counted"]["count"] == 2


@PYTHONS
def test_no_torch(python: str, tmp_path: Path) -> None:
    lines, status = run(python, tmp_path)
    if any(line["step"] == "imported" for line in lines):
        pytest.skip("this interpreter has a torch")
    assert (lines[-1]["step"], lines[-1]["type"], status) == ("import-error", "ModuleNotFoundError", 0)


@PYTHONS
def test_an_import_that_kills_the_process(python: str, tmp_path: Path) -> None:
    source = "import os, signal\nprint('noise', flush=True)\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    lines, status = run(python, plant(tmp_path, source))
    assert (lines[-1]["step"], status) == ("import", -11)


ONE = pytest.mark.parametrize("python", [sys.executable])


@ONE
@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("raise ImportError('libcudart.so.10.1: cannot open shared object file')", "ImportError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def broken(:\n", "SyntaxError"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "Odd"),
        ("import torch._C", "ModuleNotFoundError"),
    ],
)
def test_imports_that_fail(python: str, tmp_path: Path, source: str, kind: str) -> None:
    lines, status = run(python, plant(tmp_path, source))
    assert (lines[-1]["step"], lines[-1]["type"], status) == ("import-error", kind, 0)


@pytest.mark.slow
@ONE
@pytest.mark.parametrize(
    ("source", "step"),
    [
        ("import time\ntime.sleep(600)\n", "import"),
        (GOOD.replace("return {available}", "import time; time.sleep(600)"), "cuda-init"),
        (GOOD.replace("{available}", "True").replace("lambda: 7603", "lambda: __import__('time').sleep(600)"), "cudnn"),
    ],
)
def test_hangs_leave_their_step_as_the_last(python: str, tmp_path: Path, source: str, step: str) -> None:
    with pytest.raises(TimedOut) as error:
        run(python, plant(tmp_path, source), timeout=3.0)
    assert said(error.value.stdout)[-1]["step"] == step
    assert error.value.idle is True


@ONE
@pytest.mark.parametrize(
    "source",
    [
        "",
        "cuda = None\n",
        "import sys\nsys.modules['json'] = None\n",
        "import os\nos.close(1)\n",
        "import sys\nsys.stdout = None\nsys.stderr = None\n",
    ],
)
def test_odd_torches(python: str, tmp_path: Path, source: str) -> None:
    lines, status = run(python, plant(tmp_path, source))
    assert (lines[-1]["step"], status) == ("end", 0)


@ONE
def test_a_torch_that_calls_the_end_of_the_process(python: str, tmp_path: Path) -> None:
    lines, status = run(python, plant(tmp_path, "import os\nos._exit(7)\n"))
    assert (lines[-1]["step"], status) == ("import", 7)


@ONE
def test_a_hang_at_the_end_of_the_process_does_not_matter(python: str, tmp_path: Path) -> None:
    source = GOOD.replace("{available}", "True") + "\nimport atexit, time\natexit.register(time.sleep, 600)\n"
    lines, status = run(python, plant(tmp_path, source), timeout=10)
    assert (lines[-1]["step"], status) == ("end", 0)


@ONE
def test_the_current_directory_is_told_of_and_not_imported(python: str, tmp_path: Path) -> None:
    site = plant(tmp_path / "site", GOOD.replace("{available}", "True"))
    here = tmp_path / "here"
    here.mkdir()
    (here / "torch.py").write_text("raise ImportError('the wrong one')")
    (here / "json.py").write_text("raise ImportError('the wrong one')")
    (here / "warnings.py").write_text("raise ImportError('the wrong one')")
    steps = by_step(run(python, site, cwd=here)[0])
    assert steps["start"]["shadow"] == str(here / "torch.py")
    assert steps["imported"]["file"] == str(site / "torch/__init__.py")


@ONE
def test_a_folder_named_torch_without_a_module_in_it_hides_nothing(python: str, tmp_path: Path) -> None:
    (tmp_path / "here/torch").mkdir(parents=True)
    site = plant(tmp_path / "site", GOOD.replace("{available}", "True"))
    assert by_step(run(python, site, cwd=tmp_path / "here")[0])["start"]["shadow"] is None


def test_an_old_python_is_told_apart(tmp_path: Path) -> None:
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    old = sorted(glob.glob(f"{root}/versions/2.7*/bin/python"))
    if not old:
        pytest.skip("there is no Python 2.7 here")
    lines, status = run(old[0], None)
    assert ([line["step"] for line in lines], status) == (["start", "unsupported"], 0)


def test_a_real_torch(torch_python: str) -> None:
    lines, status = run(torch_python, None, timeout=120)
    steps = by_step(lines)
    assert (lines[-1]["step"], status) == ("end", 0)
    assert isinstance(steps["cuda"]["available"], bool)
    assert steps["imported"]["version"]
