"""torch's real CPU build from a folder of wheels into a real venv: installed, tested, done already, taken back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan.real.cache import Cache
from tests.plan.real.machine import REPO

TORCH = "2.13.0"


@pytest.fixture(scope="module")
def wheels(cache: Cache, torch_python: str) -> Path:
    """A folder with torch's CPU build and what it needs, from where pip is told to look; skips where it is not had."""
    asked = [torch_python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    def make(folder: Path) -> None:
        (folder / "python").write_text(version)
        get = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), "--only-binary", ":all:"]
        get += ["--python-version", version, f"torch=={TORCH}+cpu", "numpy"]
        done = None
        for more in ([], ["--index-url", "https://download.pytorch.org/whl/cpu"]):
            done = subprocess.run([*get, *more], capture_output=True, text=True, check=False, timeout=600)
            if done.returncode == 0:
                return
        assert done is not None
        pytest.skip(f"pip did not get torch=={TORCH}+cpu: {done.stderr.strip()[-300:]}")

    return cache.get("wheels", f"{TORCH} {version}", make)


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if ".local/state/" not in str(path)}


def test_a_real_torch(wheels: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (".local/state", ".cache"):
        (home / name).mkdir(parents=True)
    (home / ".bashrc").write_text("# mine\n")
    python = shutil.which(f"python{(wheels / 'python').read_text()}")
    if python is None:
        pytest.skip("the Python of the wheels is not on PATH")
    # A bare environment: what pip, conda and CUDA of this machine are told must not decide what is planned.
    env = {"HOME": str(home), "PATH": f"{os.path.dirname(os.path.realpath(python))}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    env |= {"SHELL": "/bin/bash", "PYTHONPATH": str(REPO), "PYTHONDONTWRITEBYTECODE": "1"}
    where = home / "env"
    argv = ["install", "--manager", "pip", "--cuda", "cpu", "--torch", TORCH, "--env", str(where), "--no-shell-lines"]
    argv += ["--python", (wheels / "python").read_text(), "--find-links", str(wheels), "--with", "none", "--no-driver"]

    def cudadoctor(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cudadoctor", *more]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=600, cwd="/")

    before = listing(home)
    planned = cudadoctor(*argv, "--json")
    assert planned.returncode == 0, planned.stderr
    steps = json.loads(planned.stdout)["steps"]
    assert not [step["id"] for step in steps if step["needs_root"]], "nothing here may touch the real system"
    assert [step["id"] for step in steps][-1] == "smoke"
    assert listing(home) == before

    done = cudadoctor(*argv, "--apply", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    smoke = cudadoctor("smoke", "--env", str(where), "--device", "cpu", "--level", "quick", "--json")
    assert json.loads(smoke.stdout)["status"] == "passed", smoke.stdout
    version = [str(where / "bin/python"), "-I", "-c", "import torch; print(torch.__version__)"]
    assert subprocess.run(version, capture_output=True, text=True, check=True).stdout == f"{TORCH}+cpu\n"

    again = cudadoctor(*argv, "--apply", "--yes")
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout
    undone = cudadoctor("undo", "--yes")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert listing(home) == before
