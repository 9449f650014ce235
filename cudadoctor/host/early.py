"""nvidia-smi, started before this process has imported the rest of itself, and taken over by the host that asks for it.

It takes 0.3 s and more on a machine with GPUs, which is longer than everything else. Nothing heavy is imported here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_ELSEWHERE = ("--from", "--via", "--root", "--help", "-h", "--version")
"""Options with which this machine is not asked, or nothing is."""
_PLACES = ("/usr/bin/nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi")
ARGUMENTS = ("-q", "-x")
_started: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], dict[str, str], float]] = {}


def child_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What a program is given: the user's variables, messages in English; as root, no search path of others."""
    made = {name: value for name, value in env.items() if name != "LANGUAGE"}
    made.update(LC_ALL="C", LANG="C")
    if os.geteuid() == 0:
        from cudadoctor.host import trust

        trust.clean(made)
    return made


def start(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """Start it for a `check` with these arguments. A wrong guess costs a process that is ended."""
    if any(one.startswith(_ELSEWHERE) for one in arguments):
        return
    on_path = [os.path.join(folder, "nvidia-smi") for folder in env.get("PATH", "").split(":") if folder[:1] == "/"]
    path = next((one for one in (*on_path, *_PLACES) if os.path.isfile(one) and os.access(one, os.X_OK)), None)
    if path is None:
        return
    if os.geteuid() == 0:
        from cudadoctor.host import trust

        if trust.reason(path) is not None:
            return
    made = child_environment(env)
    made.pop("CUDADOCTOR_STARTED_AS", None)  # the command line takes it out of the environment
    argv = (path, *ARGUMENTS)
    try:
        _started[argv] = spawn(argv, made, stdin=False), made, time.monotonic()
    except OSError:
        return


def spawn(argv: Sequence[str], env: Mapping[str, str], *, stdin: bool) -> subprocess.Popen[bytes]:
    """A program in a session of its own, with pipes for what it prints. Raises OSError."""
    import subprocess

    return subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        bufsize=0,
        start_new_session=True,
    )


def take(argv: Sequence[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], float] | None:
    """The program that was started early in just this way, and when; None where there is none (any more)."""
    found = _started.pop(tuple(argv), None)
    if found is None:
        return None
    process, given, at = found
    if given == dict(env):
        return process, at
    end(process)
    return None


def end_all() -> None:
    """End what nobody took over."""
    while _started:
        end(_started.popitem()[1][0])


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to its group; it is not waited for."""
    import signal

    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.returncode = -signal.SIGKILL
