"""What the scripts for contributors promise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cudadoctor.checks.engine import registry

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the project that a new check touches."""
    for part in ("cudadoctor", "tests/checks"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("tests/__init__.py", "tests/test_every_check.py", "pyproject.toml", "tests/conftest.py"):
        if (ROOT / file).is_file():
            shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "new_check", tmp_path / "scripts")
    return tmp_path


def new_check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts" / "new_check"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)


def test_new_check_writes_a_check_that_runs(copy: Path) -> None:
    done = new_check(copy, "driver-planted-by-a-test", "--family", "driver", "--area", "DRV")
    assert done.returncode == 0, done.stderr
    code = done.stdout.split()[0]
    assert code not in {one.code for one in registry.all_checks()}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_every_check.py", "-k", code]
    tested = subprocess.run(command, capture_output=True, text=True, check=False, cwd=copy, timeout=120)
    assert tested.returncode == 0, tested.stdout
    assert re.search(r"\d+ passed", tested.stdout)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("driver-not-installed", "--family", "driver", "--area", "DRV"), "exists"),
        (("Driver", "--family", "driver", "--area", "DRV"), "a name is words"),
        (("driver-x", "--family", "driver", "--area", "drv"), "an area is"),
        (("driver-x", "--family", "engine", "--area", "DRV"), "invalid choice"),
    ],
)
def test_new_check_refuses(copy: Path, words: tuple[str, ...], wrong: str) -> None:
    done = new_check(copy, *words)
    assert done.returncode != 0
    assert wrong in done.stderr


def test_no_check_was_left_as_it_was_generated() -> None:
    marked = [path.name for path in (ROOT / "cudadoctor" / "checks").rglob("*.py") if "FILL IN" in path.read_text()]
    assert marked == []
