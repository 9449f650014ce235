"""Real shells that read lines from a file and print what the variables came to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROGRAMS: dict[str, tuple[str, ...]] = {
    "bash": ("bash", "--norc", "--noprofile"),
    "zsh": ("zsh", "-f"),
    "dash": ("dash",),
    "ksh": ("ksh",),
    "mksh": ("mksh",),
    "busybox": ("busybox", "ash"),
    "fish": ("fish", "--no-config"),
    "tcsh": ("tcsh", "-f"),
}
"""Name → how it is started without anybody's own rc files."""

LANGUAGE = {"bash": "bash", "zsh": "zsh", "fish": "fish", "tcsh": "tcsh"}
"""The dialect of each program; the rest reads that of `sh`."""

NAMES = ("CUDA_HOME", "PATH", "LD_LIBRARY_PATH")


def missing(program: str) -> str | None:
    """Why the shell cannot be tested here; None where it can."""
    return None if shutil.which(PROGRAMS[program][0]) else f"{program} is not installed"


def after(
    program: str, rc: Path, env: dict[str, str], *, times: int = 1, options: str = "", cwd: Path | None = None
) -> dict[str, str]:
    """The variables that a program started by the shell gets, after it sourced `rc` `times` times."""
    env_program = shutil.which("env")
    assert env_program
    read = f"{'source' if program in ('tcsh', 'fish') else '.'} {_plain(rc)}"
    set_options = f"set -{options}\n" if options else ""
    script = rc.with_name(f"{rc.name}.{program}.run")
    script.write_text(set_options + f"{read}\n" * times + f"{env_program} -0\n", encoding="utf-8")
    done = subprocess.run(
        [shutil.which(PROGRAMS[program][0]) or program, *PROGRAMS[program][1:], str(script)],
        env={"HOME": str(rc.parent), **env}, cwd=cwd or rc.parent, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == b"", done.stderr.decode(errors="replace")
    assert done.returncode == 0
    pairs = (entry.partition(b"=") for entry in done.stdout.split(b"\0") if entry)
    found = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    return {name: found[name] for name in NAMES if name in found}


def _plain(path: Path) -> str:
    text = str(path)
    assert text.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum(), text
    return text
