"""What a program and everything it started are doing, of /proc: a hang is told from slowness by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

_COUNTERS = ((7, 8, 9, 10), (11, 13), (12, 14))
"""Places after the name in /proc/PID/stat: page faults, user time, system time, each with the ended children's."""
_POLLING = 16384
"""Bytes and calls a second: a shell that looks every second starts a `sleep` for it, which reads libraries."""
_FEW_FAULTS = 64


@dataclass(frozen=True)
class Usage:
    """What one process has used since it was born, of /proc/PID/stat and io."""

    state: str
    parent: int
    session: int
    ticks: int
    born: int
    user: int = 0
    """Of these ticks, those outside the kernel; the ended children's are counted in both."""
    faults: int = 0
    """Pages that it touched for the first time, or that had to be read."""
    moved: int = 0


@dataclass(frozen=True)
class Activity:
    """One look at the family."""

    at: float
    family: Mapping[int, Usage]
    output: int


def usage_of(pid: int, *, io: bool = False) -> Usage | None:
    """What one process has used; None where there is none. `io` adds the bytes and calls that it read and wrote."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # The name, in parentheses, may hold anything; the numbers begin after the last of them.
            fields = stream.read(4096).rpartition(b")")[2].split()
        faults, user, system = (sum(int(fields[at]) for at in places) for places in _COUNTERS)
        found = Usage(fields[0].decode(), int(fields[1]), int(fields[3]), user + system, int(fields[19]), user, faults)
    except (OSError, ValueError, IndexError):
        return None
    if not io:
        return found
    moved = 0
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/io", "rb") as stream:
        moved = sum(int(line.split()[1]) for line in stream.read(4096).splitlines()[:4])
    return replace(found, moved=moved)


def family_of(leader: int) -> dict[int, Usage] | None:
    """The program, its session and all descendants; None where /proc does not tell."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return None
    everybody = {pid: usage for pid in pids if (usage := usage_of(pid))}
    members = {pid for pid, usage in everybody.items() if leader in {pid, usage.session}}
    more = members
    while more:
        more = {pid for pid, usage in everybody.items() if usage.parent in more} - members
        members |= more
    return {pid: usage for pid in sorted(members) if (usage := usage_of(pid, io=True))}


def was_idle(before: Activity | None, after: Activity | None) -> bool | None:
    """Whether nothing happened between two looks. None: there was no earlier look, or /proc does not tell.

    Below one per cent of a processor is the odd timer of a library, not work. A program that waits by starting a
    `sleep` again and again does nothing either.
    """
    if before is None or after is None or not after.family or after.at <= before.at:
        return None
    seconds = after.at - before.at
    busy = _grown(before, after, "ticks") / os.sysconf("SC_CLK_TCK") >= 0.01 * seconds
    if busy or before.output != after.output:
        return False
    moved = _grown(before, after, "moved")
    return moved == 0 if before.family.keys() == after.family.keys() else moved < _POLLING * seconds


def was_spinning(before: Activity | None, after: Activity | None) -> bool:
    """Whether it ran all the time between two looks and got nowhere: an endless loop outside the kernel.

    Work reads, prints, starts something, asks the kernel, or touches memory that it had not touched before.
    """
    if before is None or after is None or after.at <= before.at or before.output != after.output:
        return False
    if before.family.keys() != after.family.keys() or _grown(before, after, "moved") != 0:
        return False
    ticks, user, faults = (_grown(before, after, name) for name in ("ticks", "user", "faults"))
    if user / os.sysconf("SC_CLK_TCK") < 0.1 * (after.at - before.at):
        return False
    return user >= 0.9 * ticks and faults < _FEW_FAULTS


def _grown(before: Activity, after: Activity, name: str) -> int:
    """By how much a counter grew in all processes together.

    A new process counts from nothing. An ended one's time is its parent's from then on, so its own is not subtracted.
    """
    grown = 0
    for pid, usage in after.family.items():
        then = before.family.get(pid)
        grown += getattr(usage, name) - (getattr(then, name) if then and then.born == usage.born else 0)
    return grown


def place_of(pid: int) -> str:
    """Where in the kernel a process waits, as ` (state D, in nvidia_ioctl)`."""
    usage = usage_of(pid)
    where = ""
    with suppress(OSError), open(f"/proc/{pid}/wchan", "rb") as stream:
        where = stream.read(100).decode("ascii", "replace").strip("\0\n 0")
    return f" (state {usage.state}{f', in {where}' if where else ''})" if usage else ""
