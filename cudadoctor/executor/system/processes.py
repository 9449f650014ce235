"""Processes: started so that nothing of the terminal reaches them, asked with a deadline, and known again later."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

PATIENCE = 2.0
"""Seconds that a killed program has to be gone; what is stuck in a driver never is."""
_AFTER_END = 0.5


def start(
    argv: Sequence[str], env: Mapping[str, str], *, session: bool, together: bool = True
) -> subprocess.Popen[bytes]:
    """Start it with nothing to read, at the root of the file system. Raises OSError.

    `together`: both outputs in one pipe.

    The root, because Python puts the current directory on its path: a `pip.py` lying about there would be run.
    `session`: one of its own, which has no terminal to ask on. sudo keeps its tickets by terminal: not for it.
    """
    grouped: dict[str, Any] = {"start_new_session": True}
    if not session:
        grouped = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if together else subprocess.PIPE,
        env=dict(env),
        cwd="/",
        bufsize=0,
        **grouped,
    )


class Answer(Struct, frozen=True, kw_only=True):
    """What a short program said."""

    returncode: int | None
    """None: no end before the deadline."""
    text: str
    """Its standard output, at most 4 MiB."""
    errors: str = ""
    """Its standard error, the same."""

    @property
    def last(self) -> str:
        """The last line that it said, of its errors first; "" where it said nothing."""
        lines = self.errors.strip().splitlines() or self.text.strip().splitlines()
        return lines[-1].strip() if lines else ""


_MOST = 4 << 20


def ask(argv: Sequence[str], env: Mapping[str, str], *, seconds: float = 10.0, session: bool = False) -> Answer:
    """Run a program that only looks, in the C locale; at the deadline its whole group is killed. Raises OSError."""
    process = start(argv, {**env, "LC_ALL": "C"}, session=session, together=False)
    assert process.stdout is not None
    assert process.stderr is not None
    kept = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    deadline, ended = time.monotonic() + seconds, None
    with selectors.DefaultSelector() as selector, process.stdout, process.stderr:
        for descriptor in kept:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if process.poll() is not None and ended is None:
                ended = time.monotonic()
                deadline = min(deadline, ended + _AFTER_END)  # what it started may keep the pipes open
            if not selector.get_map():
                if ended is not None:
                    break
                time.sleep(0.01)
                continue
            for ready, _ in selector.select(0.02):
                with contextlib.suppress(BlockingIOError):
                    piece = os.read(ready.fd, 1 << 16)
                    kept[ready.fd] += piece[: _MOST - len(kept[ready.fd])]
                    if not piece:
                        selector.unregister(ready.fd)
        text, errors = (kept[pipe.fileno()].decode("utf-8", "replace") for pipe in (process.stdout, process.stderr))
    if process.returncode is None:
        _kill(process)
        return Answer(returncode=None, text=text, errors=errors)
    return Answer(returncode=process.returncode, text=text, errors=errors)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    if process.returncode is None:
        process.returncode = -signal.SIGKILL  # stuck in a driver: nobody may wait for it


def born(pid: int) -> str:
    """When a process was started, in the kernel's count; "" where it is gone (proc(5), field 22 of stat)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read(4096).rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def descendants(pid: int) -> tuple[int, ...]:
    """The processes that it started, and theirs."""
    children: dict[int, list[int]] = {}
    for one, _, parent, _ in _all():
        children.setdefault(parent, []).append(one)
    found: list[int] = []
    open_ones = [pid]
    while open_ones:
        for child in children.get(open_ones.pop(), ()):
            found.append(child)
            open_ones.append(child)
    return tuple(found)


def _all() -> Iterator[tuple[int, bytes, int, int]]:
    """Number, state, parent and group of every process (proc(5))."""
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent, group = file.read(4096).rpartition(b")")[2].split()[:3]
                yield int(name), state, int(parent), int(group)


def group_lives(pid: int, born_then: str) -> bool:
    """Whether something of the group that a process led still runs; a later process of that number is another one."""
    now = born(pid)
    if now and now != born_then:
        return False
    return any(group == pid and state not in (b"Z", b"X") for _, state, _, group in _all())
