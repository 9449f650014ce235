"""Every command of the README works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`(scripts/cudadoctor [^`]+)`", TEXT)
    lines = [line for block in blocks for line in block.splitlines()] + inline
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.slow
def test_commands(tmp_path: Path) -> None:
    """In the order of the page: the snapshot that one writes, the next reads; `undo` takes back what `--apply` did."""
    found = commands()
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "report.txt").write_text("torch.cuda.is_available(): False\n")  # what somebody pasted
    env = {**os.environ, "HOME": str(home), "SHELL": "/bin/bash", "CUDA_HOME": "/usr/local/cuda"}
    env.pop("XDG_STATE_HOME", None)
    assert len(found) > 6
    for program, *arguments in found:
        assert (ROOT / program).exists()
        if program == "scripts/cudadoctor":
            if arguments[0] in ("install", "fix"):
                assert "--apply" not in arguments, "a test installs nothing on this machine"
            if "--apply" in arguments:
                arguments.append("--yes")  # there is no terminal here to ask on
            done = subprocess.run(
                [sys.executable, "-m", "cudadoctor", *arguments],
                cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode in (0, 1), (arguments, done.stderr)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target
