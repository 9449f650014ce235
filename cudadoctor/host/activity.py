"""What a program and everything it started are doing, of /proc: a hang is told from slowness by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What one process has used since it was born, of /proc/PID/stat and io."""

    state: str
    parent: int
    session: int
    ticks: int
    born: int
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
        used = sum(int(fields[index]) for index in (11, 12, 13, 14))
        found = Usage(fields[0].decode(), int(fields[1]), int(fields[3]), used, int(fields[19]))
    except (OSError, ValueError, IndexError):
        return None
    if not io:
        return found
    moved = 0
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/io", "rb") as stream:
        moved = sum(int(line.split()[1]) for line in stream.read(4096).splitlines()[:4])
    return Usage(found.state, found.parent, found.session, found.ticks, found.born, moved)


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
    """Whether nothing happened between two looks. None: there was no earlier look, or /proc does not tell."""
    if before is None or after is None or not after.family or after.at <= before.at:
        return None
    if before.output != after.output or before.family.keys() != after.family.keys():
        return False
    ticks = sum(usage.ticks for usage in after.family.values()) - sum(use.ticks for use in before.family.values())
    moved = any(after.family[pid].moved != usage.moved for pid, usage in before.family.items())
    # Below one per cent of a processor is the odd timer of a library, not work.
    return not moved and ticks / os.sysconf("SC_CLK_TCK") < 0.01 * (after.at - before.at)


def place_of(pid: int) -> str:
    """Where in the kernel a process waits, as ` (state D, in nvidia_ioctl)`."""
    usage = usage_of(pid)
    where = ""
    with suppress(OSError), open(f"/proc/{pid}/wchan", "rb") as stream:
        where = stream.read(100).decode("ascii", "replace").strip("\0\n 0")
    return f" (state {usage.state}{f', in {where}' if where else ''})" if usage else ""
