"""Run one program: read what it prints, end it at its deadline, and never wait for one that cannot be ended.

`subprocess.run(timeout=…)` kills and then waits without limit; a process that is stuck in a driver (state D) does not
die, and whoever waits for it hangs as well. Here every wait has an end.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from cudadoctor.host import early
from cudadoctor.host.activity import Activity, Usage, family_of, place_of, usage_of, was_idle, was_spinning
from cudadoctor.host.base import Completed, TimedOut

if TYPE_CHECKING:
    from typing import NoReturn

OUTPUT_LIMIT = 1 << 20
"""Bytes kept of each stream; the rest is read and dropped, so that the program is not blocked by a full pipe."""
GRACE = 0.2
"""Seconds to go on reading after the program ended, where something that it started keeps its output open."""
PATIENCE = 0.3
"""Seconds that a killed program has to be gone."""
WINDOW = 2.0
"""Seconds before the deadline over which a program is watched to tell a hang from slowness."""
_TICK = 0.02
_LIVE: set[_Watch] = set()
"""Programs that run now, in whatever thread. Their sessions are their own: no Ctrl-C of the terminal reaches them."""


Follow = Callable[[bytes], "float | None"]
"""Takes what a program printed, as it comes; gives the seconds that it has from now on, or None: no change."""


def run_child(  # noqa: PLR0917
    asked: Sequence[str],
    argv: Sequence[str],
    env: Mapping[str, str],
    timeout: float,
    stdin: bytes,
    follow: Follow | None = None,
) -> Completed:
    """Run `argv`; `asked` is what the answer calls it. Raises TimedOut, and OSError where it cannot be started.

    What it leaves running in its process group is ended with it; a daemon makes a session of its own and stays.
    """
    watch = _Watch(asked, argv, env, timeout, stdin, follow)
    _LIVE.add(watch)
    try:
        return watch.to_the_end()
    except BaseException:
        watch.kill(())
        raise
    finally:
        _LIVE.discard(watch)
        watch.close()


def end_all() -> None:
    """SIGKILL to every program that still runs: for a process that is about to leave, when it was interrupted."""
    for watch in tuple(_LIVE):
        watch.kill(())
    early.end_all()


class _Stream:
    """One output pipe of the program."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe
        self.kept = bytearray()
        self.seen = 0
        self.open = True
        os.set_blocking(pipe.fileno(), False)

    def take(self) -> bool:
        """Read a piece; False where there is nothing now."""
        try:
            piece = os.read(self.pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            piece = b""
        self.open = bool(piece)
        self.seen += len(piece)
        self.kept += piece[: OUTPUT_LIMIT - len(self.kept)]
        return self.open


class _Watch:
    def __init__(  # noqa: PLR0917
        self,
        asked: Sequence[str],
        argv: Sequence[str],
        env: Mapping[str, str],
        timeout: float,
        stdin: bytes,
        follow: Follow | None,
    ) -> None:
        self._asked = tuple(asked)
        self._timeout = timeout
        self._follow, self._told = follow, 0
        self._start = self._span = time.monotonic()  # the span is that of the present limit: a follower may renew it
        self._selector = selectors.DefaultSelector()
        ready = early.take(argv, env) if not stdin else None
        if ready is not None:
            self._proc, self._start = ready
        else:
            self._proc = early.spawn(argv, env, stdin=bool(stdin))
        assert self._proc.stdout is not None
        assert self._proc.stderr is not None
        self._streams = (_Stream(self._proc.stdout), _Stream(self._proc.stderr))
        self._stdin = memoryview(stdin)
        for stream in self._streams:
            self._selector.register(stream.pipe, selectors.EVENT_READ, stream)
        if self._proc.stdin is not None:
            os.set_blocking(self._proc.stdin.fileno(), False)
            self._selector.register(self._proc.stdin, selectors.EVENT_WRITE)
        self._pidfd = _open_pidfd(self._proc.pid)
        if self._pidfd is not None:
            self._selector.register(self._pidfd, selectors.EVENT_READ)

    def to_the_end(self) -> Completed:
        span = None
        while not self._ended():
            now = time.monotonic()
            if span != self._span:
                span = self._span
                deadline = span + max(self._timeout, 0.0)
                # A loop is told from hard work over half the time, waiting from slowness over the last seconds.
                looks = (span + max(self._timeout, 0.0) / 2, deadline - min(WINDOW, max(self._timeout, 0.0) / 3))
                seen: list[Activity | None] = []
            if now >= deadline:
                self._time_out(seen)
            while len(seen) < len(looks) and now >= looks[len(seen)]:
                seen.append(self._activity())
            self._wait(looks[len(seen)] if len(seen) < len(looks) else deadline)
        seconds = time.monotonic() - self._start
        self._drop_pidfd()
        end = time.monotonic() + GRACE
        while any(stream.open for stream in self._streams) and time.monotonic() < end:
            self._wait(end)
        # Not reaped yet, so the number of its group cannot belong to anybody else.
        self._signal_group()
        returncode = self._proc.poll()
        stdout, stderr = self._streams
        return Completed(
            argv=self._asked,
            returncode=0 if returncode is None else returncode,
            stdout=bytes(stdout.kept),
            stderr=bytes(stderr.kept),
            truncated=any(stream.seen > len(stream.kept) for stream in self._streams),
            seconds=round(seconds, 3),
        )

    def _ended(self) -> bool:
        """Whether the program ended. It is left for `poll` to reap."""
        if self._proc.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._proc.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def _wait(self, until: float) -> None:
        """Read and write until something happened, or until then."""
        left = max(0.0, until - time.monotonic())
        if self._pidfd is None:
            left = min(left, _TICK)
        for ready, _ in self._selector.select(left):
            if isinstance(ready.data, _Stream):
                if not ready.data.take() and not ready.data.open:
                    self._selector.unregister(ready.fileobj)
                if ready.data is self._streams[0]:
                    self._tell(ready.data)
            elif ready.fileobj is self._proc.stdin:
                self._feed()

    def _tell(self, stream: _Stream) -> None:
        """Hand on what is new on standard output; the follower may set the clock anew."""
        piece = bytes(stream.kept[self._told :])
        self._told = len(stream.kept)
        seconds = self._follow(piece) if self._follow is not None and piece else None
        if seconds is not None:
            self._span, self._timeout = time.monotonic(), seconds

    def _feed(self) -> None:
        assert self._proc.stdin is not None
        try:
            written = os.write(self._proc.stdin.fileno(), self._stdin[: 1 << 16])
        except BlockingIOError:
            return
        except OSError:
            written = len(self._stdin)
        self._stdin = self._stdin[written:]
        if not self._stdin:
            self._selector.unregister(self._proc.stdin)
            self._proc.stdin.close()

    def _time_out(self, looks: Sequence[Activity | None]) -> NoReturn:
        seconds = time.monotonic() - self._start
        after = self._activity()
        middle, late = (*looks, None, None)[:2]
        family = after.family if after else {}
        self.kill(tuple(family))
        end = time.monotonic() + PATIENCE
        survivor = self._survivor(family)
        while survivor is not None and time.monotonic() < end:
            self._wait(min(end, time.monotonic() + _TICK))
            survivor = self._survivor(family)
        for stream in self._streams:
            for _ in range(64):
                if not stream.open or not stream.take():
                    break
        self._tell(self._streams[0])
        reason = f"no end within {self._timeout:g} s"
        if survivor is not None:
            reason += f"; process {survivor} could not be killed{place_of(survivor)}"
        self._reap()
        raise TimedOut(
            self._asked[0],
            reason,
            seconds=round(seconds, 3),
            stdout=bytes(self._streams[0].kept),
            stderr=bytes(self._streams[1].kept),
            pid=survivor if survivor is not None else self._proc.pid,
            stuck=survivor is not None,
            idle=was_spinning(middle, after) or was_idle(late, after),
        )

    def _survivor(self, family: Mapping[int, Usage]) -> int | None:
        """A process that is still there after SIGKILL: the program itself, or one that it started."""
        if not self._ended():
            return self._proc.pid
        self._drop_pidfd()
        for pid, usage in family.items():
            now = usage_of(pid)
            if pid != self._proc.pid and now and now.born == usage.born and now.state not in "ZX":
                return pid
        return None

    def _reap(self) -> None:
        if self._ended():
            self._proc.poll()
        if self._proc.returncode is None:
            # Abandoned: neither this object nor the interpreter at its exit may wait for it.
            self._proc.returncode = -signal.SIGKILL

    def kill(self, family: Sequence[int]) -> None:
        """SIGKILL to the whole group, and to descendants that left it."""
        if self._proc.returncode is not None:
            return
        self._signal_group()
        for pid in family:
            if pid != self._proc.pid:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)

    def _signal_group(self) -> None:
        with suppress(OSError):
            os.killpg(self._proc.pid, signal.SIGKILL)

    def _drop_pidfd(self) -> None:
        if self._pidfd is not None:
            self._selector.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _activity(self) -> Activity | None:
        family = family_of(self._proc.pid)
        if family is None:
            return None
        return Activity(at=time.monotonic(), family=family, output=sum(stream.seen for stream in self._streams))

    def close(self) -> None:
        self._drop_pidfd()
        self._reap()
        self._selector.close()
        for pipe in (self._proc.stdin, self._proc.stdout, self._proc.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _open_pidfd(pid: int) -> int | None:
    """A descriptor that tells the program's end; None where the system has none (then the end is polled for)."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
