"""Questions that several probes put to a host, where a refusal is an ordinary answer."""

from __future__ import annotations

from cudadoctor.host.base import Host, Missing, Refusal
from cudadoctor.parsers.text import tidy


def read_text(host: Host, path: str, *, limit: int = 65536) -> str | None:
    """The file as text; None where it cannot be read or is larger than `limit` bytes."""
    try:
        return host.read(path, limit=limit).decode("utf-8", errors="replace")
    except Refusal:
        return None


def present(host: Host, path: str) -> bool | None:
    """Whether there is such an entry; None where the host does not let us look."""
    try:
        host.stat(path)
    except Missing:
        return False
    except Refusal:
        return None
    return True


def found(host: Host, pattern: str, *, limit: int = 1000) -> tuple[str, ...] | None:
    """What matches; None where the host does not let us look."""
    try:
        return host.glob(pattern, limit=limit)
    except Refusal:
        return None


def one_line(text: str, *, longest: int = 300) -> str:
    """The text on one line: no control characters, spaces folded, cut at `longest` characters."""
    plain = " ".join(tidy(text[: 8 * longest]).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def first_line(*texts: bytes | str) -> str | None:
    """The first line that is not empty in the first of these texts that has one."""
    for text in texts:
        decoded = text if isinstance(text, str) else text[:65536].decode("utf-8", errors="replace")
        for line in decoded.splitlines():
            plain = one_line(line)
            if plain:
                return plain
    return None


def signal_of(returncode: int) -> str | None:
    """The signal that ended a program, `SIGSEGV`, or None where it ended by itself.

    A negative status is the signal's number. A wrapper script tells of it the shell's way, 128 and the number: that is
    taken for a signal where the number is one by which programs crash or are killed.
    """
    import signal

    number = -returncode if returncode < 0 else returncode - 128 if returncode - 128 in _FATAL else 0
    if number <= 0:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_FATAL = frozenset({4, 6, 7, 8, 9, 11, 31})
"""SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSYS on Linux."""
