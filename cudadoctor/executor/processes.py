"""Processes: started so that nothing of the terminal reaches them, asked with a deadline, and known again later."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

PATIENCE = 2.0
"""Seconds that a killed program has to be gone; what is stuck in a driver never is."""
_AFTER_END = 0.5


def start(argv: Sequence[str], env: dict[str, str], *, session: bool) -> subprocess.Popen[bytes]:
    """Start it with nothing to read, both outputs in one pipe, at the root of the file system. Raises OSError.

    The root, because Python puts the current directory on its path: a `pip.py` lying about there would be run.
    A session of its own has no terminal, and sudo keeps its tickets by terminal: then only the group is its own.
    """
    grouped: dict[str, Any] = {"start_new_session": True}
    if not session:
        grouped = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}
    return subprocess.Popen(  # the pipe is read by `run`, which also ends it
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        cwd="/",
        bufsize=0,
        **grouped,
    )


class Answer(Struct, frozen=True, kw_only=True):
    """What a short program said."""

    returncode: int | None
    """None: no end before the deadline."""
    text: str
    """Both outputs, at most 4 MiB."""


_MOST = 4 << 20


def ask(argv: Sequence[str], env: dict[str, str], *, seconds: float = 10.0, session: bool = False) -> Answer:
    """Run a program that only looks, in the C locale; at the deadline its whole group is killed. Raises OSError."""
    process = start(argv, {**env, "LC_ALL": "C"}, session=session)
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    kept = bytearray()
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector, process.stdout as pipe:
        selector.register(pipe, selectors.EVENT_READ)
        reading, ended_at = True, None
        while time.monotonic() < (deadline if ended_at is None else min(deadline, ended_at + _AFTER_END)):
            if ended_at is None and process.poll() is not None:
                ended_at = time.monotonic()
            if not reading:
                if ended_at is not None:
                    break
                time.sleep(0.01)
            elif selector.select(0.02):
                with contextlib.suppress(BlockingIOError):
                    piece = os.read(pipe.fileno(), 1 << 16)
                    kept += piece[: _MOST - len(kept)]
                    reading = bool(piece)
    if process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        if process.returncode is None:
            process.returncode = -signal.SIGKILL
        return Answer(returncode=None, text=kept.decode("utf-8", "replace"))
    return Answer(returncode=process.returncode, text=kept.decode("utf-8", "replace"))


def born(pid: int) -> str:
    """When a process was started, in the kernel's count; "" where it is gone (proc(5), field 22 of stat)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read(4096).rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def group_lives(pid: int, born_then: str) -> bool:
    """Whether something of the group that a process led still runs; a later process of that number is another one."""
    now = born(pid)
    if now and now != born_then:
        return False
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            state, _, group = file.read(4096).rpartition(b")")[2].split()[:3]
            if int(group) == pid and state not in (b"Z", b"X"):
                return True
    return False
