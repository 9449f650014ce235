"""The emitted pip commands against the real default index: every file exists, and the companions accept this torch.

Only metadata is read: nothing is installed, no wheel is downloaded whole. PyTorch's own indexes are not asked; their
files of a default build have the same versions: such a command is tried without its address.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.recommend.ask import ask

LINUX = ("manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64", "manylinux_2_28_x86_64")
ARM_MAC = ("macosx_11_0_arm64", "macosx_12_0_arm64", "macosx_14_0_arm64")
FULL = {"3.6": "3.6.15"}
"""pip takes a version without a patch for the first one, and torch 1.7 needs 3.6.2."""
CASES: list[tuple[str, tuple[str, ...], dict[str, object]]] = [
    ("3.7", LINUX, {"torch": "1.4.0", "cuda": "10.1"}),
    ("3.6", LINUX, {"torch": "1.7.1", "cuda": "10.2"}),
    ("3.8", LINUX, {"torch": "1.8.0", "cuda": "10.2"}),
    ("3.9", LINUX, {"torch": "2.8.0", "cuda": "12.8"}),
    ("3.10", LINUX, {"torch": "2.6.0", "cuda": "12.4"}),
    ("3.11", LINUX, {"torch": "2.11.0", "cuda": "13.0"}),
    ("3.12", LINUX, {"torch": "2.14.0", "cuda": "13.0"}),
    ("3.13", LINUX, {"torch": "2.15.0", "cuda": "13.2", "packages": "torchvision,torchaudio"}),
    ("3.14", ARM_MAC, {"platform": "macos-arm64"}),
    ("3.11", ARM_MAC, {"platform": "macos-arm64", "torch": "2.2.2"}),
    ("3.15", LINUX, {"torch": "2.15.0", "cuda": "13.2", "packages": "torchvision,torchaudio"}),
]


@cache
def unreachable() -> str:
    """Why the default index cannot be asked; empty where it can."""
    argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--retries", "0", "--timeout", "15", "-d"]
    found = subprocess.run(
        [*argv, "/dev/null/x", "six==1.16.0"], capture_output=True, text=True, timeout=120, check=False
    )
    no_index = "No matching distribution" in found.stderr
    return found.stderr.strip().splitlines()[-1] if no_index else ""


def requirements(command: str) -> list[str]:
    """What the command asks for, without PyTorch's addresses and their suffixes."""
    words = shlex.split(command)[4:]
    found = [word for word in words if not word.startswith(("-", "https://"))]
    return [word.partition("+")[0] for word in found]


@pytest.mark.slow
@pytest.mark.parametrize(("python", "platforms", "words"), CASES)
def test_the_emitted_command_resolves(
    tmp_path: Path, python: str, platforms: tuple[str, ...], words: dict[str, object]
) -> None:
    if unreachable():
        pytest.skip(f"the default index cannot be asked: {unreachable()}")
    found = ask(python=python, **words)
    assert found.command is not None
    argv = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-deps"]
    argv += ["--only-binary=:all:", "--use-feature=fast-deps", "--python-version", FULL.get(python, python)]
    argv += [word for platform in platforms for word in ("--platform", platform)]
    argv += ["--target", str(tmp_path / "nothing"), "--report", "-"]
    done = subprocess.run(
        [*argv, *requirements(found.command)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    chosen = {one["metadata"]["name"]: one["metadata"] for one in json.loads(done.stdout)["install"]}
    assert "torch" in chosen
    for name in ("torchvision", "torchaudio"):
        if name not in found.command:
            continue
        for text in chosen[name].get("requires_dist", []):
            needed = Requirement(text.replace("(", "").replace(")", ""))
            if needed.name == "torch":
                assert needed.specifier.contains(chosen["torch"]["version"]), (name, text)
