"""What can be asked of a machine, and how it may refuse. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct, field

READ_LIMIT = 1 << 20
"""Bytes that `read` returns at most unless asked otherwise (1 MiB)."""

HELPER_PYTHON = "@python"
"""As argv[0]: a Python interpreter (3.6 or newer) that the machine offers for helper scripts, whatever its path.

A recording keeps the word, so that it does not depend on where cudadoctor was installed."""


class Refusal(Exception):  # noqa: N818  a refusal is an answer of the machine, not an error of ours
    """The machine did not answer as asked. `what` is the path or program."""

    kind = "refusal"

    def __init__(self, what: str, reason: str = "") -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.what}: {self.reason or self.kind}"


class Missing(Refusal):
    """There is no such file or program."""

    kind = "missing"


class Denied(Refusal):
    """It is there and may not be read or run (EACCES, EPERM)."""

    kind = "denied"


NOT_AS_ROOT = "not run as root"
"""How the reason of a Denied begins where another user can change the program, and root asked to run it."""


class TooLarge(Refusal):
    """It is larger than the caller was willing to read."""

    kind = "too-large"


class Failed(Refusal):
    """Another error of the operating system (a directory where a file was expected, EIO, an exec format error …)."""

    kind = "failed"


class TimedOut(Refusal):
    """No end before the deadline. What was printed until then is kept.

    `stuck` tells that the process survived SIGKILL (state D, in the driver): it was abandoned, never waited for.
    `idle` tells that it got nowhere in its last seconds: it used no processor time and read nothing, or it ran in an
    endless loop that neither reads nor prints nor touches new memory. Then it hangs; one that works is slow.
    """

    kind = "timed-out"

    def __init__(
        self,
        what: str,
        reason: str = "",
        *,
        seconds: float = 0.0,
        stdout: bytes = b"",
        stderr: bytes = b"",
        pid: int | None = None,
        stuck: bool = False,
        idle: bool | None = None,
    ) -> None:
        super().__init__(what, reason)
        self.seconds = seconds
        self.stdout = stdout
        self.stderr = stderr
        self.pid = pid
        self.stuck = stuck
        self.idle = idle


class Completed(Struct, frozen=True, kw_only=True):
    """A program that ended."""

    argv: tuple[str, ...]
    returncode: int
    """The exit status; a negative number is the signal that ended it (-11 is SIGSEGV)."""
    stdout: bytes
    stderr: bytes
    truncated: bool = False
    """Output over the cap was dropped."""
    seconds: float = 0.0


FileKind = Literal["file", "dir", "link", "char", "block", "fifo", "socket", "other"]


class FileStat(Struct, frozen=True, kw_only=True):
    """One directory entry; the last link is not followed."""

    kind: FileKind
    mode: int
    """Permission bits: 0o666."""
    uid: int
    gid: int
    size: int
    target: str | None = None
    """Where a link points, as written in it."""
    device: tuple[int, int] | None = None
    """Major and minor number of a device node."""


class OpenResult(Struct, frozen=True, kw_only=True):
    """A real open and close of a file or device node."""

    ok: bool
    errno: int = 0
    """0 where it opened; else the errno (13 EACCES, 1 EPERM, 6 ENXIO …)."""


class Process(Struct, frozen=True, kw_only=True):
    """A running process."""

    pid: int
    name: str
    owner: str
    argv: tuple[str, ...]


class Identity(Struct, frozen=True, kw_only=True):
    """Who asks, and what kind of machine answers."""

    machine: str
    """`uname -m`: x86_64, aarch64."""
    kernel: str
    """`uname -r`."""
    libc: str | None
    """"glibc 2.31", or None where it is not glibc or not known."""
    user: str | None
    uid: int | None
    groups: tuple[str, ...] = ()
    """Names (or numbers) of the groups of the process."""
    hostname: str | None = None
    """Only so that redaction knows what to remove; no fact keeps it."""
    home: str | None = None
    """From the password database, for when HOME is not set."""
    cwd: str | None = None
    tool_prefix: str | None = None
    """`sys.prefix` of the Python that asks: the environment cudadoctor itself is installed in."""


class Limits(Struct, frozen=True, kw_only=True):
    """What the process may use. None: unlimited, or not known for sizes."""

    address_space: int | None
    """RLIMIT_AS, bytes."""
    locked_memory: int | None
    """RLIMIT_MEMLOCK, bytes."""
    open_files: int | None
    shm_size: int | None
    """Size of /dev/shm, bytes."""
    shm_free: int | None = None
    disk_size: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the file systems that a user writes to, by what they are for: home, tmp, env, root, work. Those that
    are mounted read-only are left out."""
    disk_free: Mapping[str, int] = field(default_factory=dict)
    """What is left of them for this user."""


class Host(Protocol):
    """A machine that can be asked, and never changed.

    Every method answers with plain data or raises a `Refusal`: Missing, Denied, TimedOut, TooLarge, Failed.
    """

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of the user who asks."""
        ...

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        """The file's bytes from `offset`.

        Raises TooLarge where more than `limit` are left. A negative limit asks for a piece: `limit=-4096` gives at
        most 4096 bytes and is never too large.
        """
        ...

    def stat(self, path: str) -> FileStat:
        """The entry itself: the last link is not followed."""
        ...

    def realpath(self, path: str) -> str:
        """The path with every link resolved. Raises Missing where it, or a link's target, does not exist."""
        ...

    def glob(self, pattern: str, *, limit: int = 10_000) -> tuple[str, ...]:
        """Existing paths that match, sorted; `*`, `?` and `[…]` as in a shell, `**` for any depth."""
        ...

    def opens(self, path: str, *, write: bool) -> OpenResult:
        """Open and close at once. Only for device nodes and files; never creates."""
        ...

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Run a program to its end: no shell, `LC_ALL=C`, its own session, capped output.

        `argv[0]` without a slash is looked up on the machine's PATH. `env` adds variables, or removes those that are
        None. `timeout` is in seconds. Raises Missing, Denied, Failed, TimedOut.
        """
        ...

    def which(self, name: str) -> tuple[str, ...]:
        """Every executable file of that name on PATH, in order, unresolved."""
        ...

    def processes(self) -> tuple[Process, ...]:
        """Running processes that the user may see."""
        ...

    def identity(self) -> Identity:
        """Who asks, and what kind of machine answers."""
        ...

    def limits(self) -> Limits:
        """Resource limits of the asking process."""
        ...
