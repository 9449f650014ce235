"""Run one program of a plan: its output as it comes, Ctrl-C passed on with care, and no wait without an end.

There is no total limit: a download or a solver may take an hour. What prints nothing for long is told of.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import IO, Any

from msgspec import Struct

from cudadoctor.executor.system.machine import Command
from cudadoctor.executor.system.processes import PATIENCE, ask, descendants, start

GENTLE = frozenset(("apt-get", "apt", "aptitude", "ubuntu-drivers", "dnf", "yum", "zypper"))
"""They pass an interruption on where that is safe (apt ignores SIGINT while dpkg works): told once, then waited for."""
WAITED_FOR = frozenset(("dpkg", "rpm", "dpkg-reconfigure", "update-initramfs", "dkms", "depmod"))
"""Broken off in the middle they leave a system that is half configured: only waited for."""
TAIL = 30
"""Lines kept for the message of a failure."""
LONGEST_LINE = 4096
"""Characters of a line that are handed on."""
LOG_LIMIT = 32 << 20
"""Bytes of one program's output that go into the log; what comes after is still read and shown."""
QUIET = 300.0
"""Seconds without output until it is told of; doubled each time."""
GRACE = 10.0
"""Seconds that a program has to end after SIGTERM, as systemctl and docker give."""
_AFTER_END = 0.5
_TICK = 0.2


class Breaks:
    """Ctrl-C, SIGTERM and a closed terminal while a plan runs: counted, so that a step ends in order."""

    def __init__(self) -> None:
        self.count = 0
        self._raising = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Breaks:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
                    self._before[number] = signal.signal(number, self._seen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _seen(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.count += 1
        if self._raising:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """In here a break is a KeyboardInterrupt: for work of our own that may be left anywhere."""
        self._raising = True
        try:
            if self.count:
                raise KeyboardInterrupt
            yield
        finally:
            self._raising = False


class Ended(Struct, frozen=True, kw_only=True):
    """How a program ended."""

    returncode: int | None
    """Negative: the signal that ended it. None: it did not end, and was left behind."""
    tail: tuple[str, ...] = ()
    """Its last lines."""
    interrupted: bool = False
    left: int | None = None
    """The process that could not be ended."""


class Output:
    """Bytes of a program, as lines for the watcher and for the log, in memory that does not grow."""

    def __init__(self, log: IO[bytes] | None, say: Callable[[str], None]) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._log, self._logged = log, 0
        self._say = say

    def take(self, piece: bytes) -> None:
        """Hand on what is whole. A progress bar's carriage returns end lines as well."""
        self._write(piece)
        text = self._held + self._decoder.decode(piece)
        *lines, self._held = text.replace("\r", "\n").split("\n")
        for line in lines:
            self._line(line)
        if len(self._held) > LONGEST_LINE:
            self._line(self._held)
            self._held = ""

    def end(self) -> None:
        """What was left without a line's end."""
        self._line(self._held + self._decoder.decode(b"", final=True))
        self._held = ""

    def _line(self, line: str) -> None:
        line = line.rstrip()[:LONGEST_LINE]
        if line:
            self.tail.append(line)
            self._say(line)

    def _write(self, piece: bytes) -> None:
        room = LOG_LIMIT - self._logged
        if self._log is None or room <= 0:
            return
        self._logged += len(piece)
        cut = b"\n[cudadoctor: more was printed; the log ends here for this step]\n" if len(piece) >= room else b""
        with contextlib.suppress(OSError):  # a full disk: the program's own result matters more than its log
            self._log.write(piece[:room] + cut)


def _nothing(pid: int) -> None:
    """Nobody wants to know which process it is."""


def run(
    wanted: Command,
    *,
    output: Output,
    breaks: Breaks,
    started: Callable[[int], None] = _nothing,
    tick: Callable[[], None] = lambda: None,
) -> Ended:
    """Run it to its end. Raises OSError where it cannot be started. Every 0.2 s `tick` is called."""
    process = start(wanted.argv, wanted.env, session=wanted.sudo is None)
    started(process.pid)
    return _Run(wanted, process, output, breaks).to_the_end(tick)


class _Run:
    def __init__(self, wanted: Command, process: subprocess.Popen[bytes], output: Output, breaks: Breaks) -> None:
        assert process.stdout is not None
        self._wanted, self._process, self._output, self._breaks = wanted, process, output, breaks
        self._pipe = process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._open = True
        self._heard, self._wait = time.monotonic(), QUIET
        self._kill_at: float | None = None
        self._leave_at: float | None = None
        self._counted = 0

    def to_the_end(self, tick: Callable[[], None]) -> Ended:
        try:
            while self._process.poll() is None:
                self._read(_TICK)
                tick()
                self._mind_breaks()
                if self._leave_at is not None and time.monotonic() > self._leave_at:
                    break
                self._mind_silence()
            until = time.monotonic() + _AFTER_END  # a daemon that it started keeps the pipe open
            while self._open and time.monotonic() < until:
                self._read(until - time.monotonic())
            self._output.end()
            return self._ended()
        finally:
            self._selector.close()
            self._pipe.close()

    def _ended(self) -> Ended:
        code, left = self._process.returncode, None
        if code is None:
            left = self._process.pid
            self._process.returncode = -signal.SIGKILL  # abandoned: nobody may wait for it
        return Ended(returncode=code, tail=tuple(self._output.tail), interrupted=self._counted > 0, left=left)

    def _read(self, seconds: float) -> None:
        if not self._open:
            time.sleep(min(max(seconds, 0.0), _TICK))
            return
        if not self._selector.select(max(seconds, 0.0)):
            return
        try:
            piece = os.read(self._pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not piece:
            self._open = False
            self._selector.unregister(self._pipe)
            return
        self._heard, self._wait = time.monotonic(), QUIET
        self._output.take(piece)

    def _mind_silence(self) -> None:
        if time.monotonic() - self._heard > self._wait:
            minutes = round(self._wait / 60)
            self._output.take(f"[{self._wanted.name} has printed nothing for {minutes} min and still runs]\n".encode())
            self._wait *= 2

    def _mind_breaks(self) -> None:
        now = time.monotonic()
        if self._breaks.count > self._counted:
            first, self._counted = self._counted == 0, self._breaks.count
            if self._wanted.name in GENTLE | WAITED_FOR:
                if first and self._wanted.name in GENTLE:
                    self._signal(signal.SIGINT, group=False)
                note = "is not broken off in the middle: that would leave packages half installed. Waiting for its end"
                self._output.take(f"[{self._wanted.name} {note}]\n".encode())
            elif first:
                self._signal(signal.SIGTERM, group=True)
                self._kill_at = now + GRACE
            else:
                self._kill_at = now
        if self._kill_at is not None and now >= self._kill_at and self._leave_at is None:
            self._signal(signal.SIGKILL, group=True)
            self._leave_at = now + PATIENCE

    def _signal(self, number: signal.Signals, *, group: bool) -> None:
        pid = self._process.pid
        if self._wanted.sudo is not None and number == signal.SIGKILL:
            # sudo hands on what it is sent, but not this, and its program is root's: it would be left without a parent.
            whom = [str(-pid), *(str(one) for one in descendants(pid))]
            with contextlib.suppress(OSError):
                ask((self._wanted.sudo, "-n", "--", "/bin/kill", "-s", "KILL", "--", *whom), self._wanted.env)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)
