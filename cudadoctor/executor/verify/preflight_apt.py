"""Before packages are installed: whether somebody else is at it, the database is whole, and nothing is held."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence

from cudadoctor.executor.doing import packages
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine, NoProgram, asking
from cudadoctor.remedies.plan import PlanStep, Run


def objections(steps: Sequence[PlanStep], machine: Machine, *, mending: bool = False) -> Iterator[str]:
    """Against the steps that run dpkg or apt as root; nothing where none does.

    `mending`: what dpkg left half done comes from a try of this run that was broken off, and is mended by it.
    """
    runs = [step.action.argv for step in steps if isinstance(step.action, Run) and step.needs_root]
    runs = [argv for argv in runs if packages.family_of(argv) == "dpkg"]
    if not runs:
        return
    yield from _locks(machine)
    if not mending:
        yield from _broken(machine)
    yield from _held({name for argv in runs for name in packages.named(argv)}, machine)


def _locks(machine: Machine) -> Iterator[str]:
    told: set[int | None] = set()
    for path in machine.locks:
        holder = _holder(path)
        if holder is False or holder in told:
            continue
        told.add(holder or None)
        who = f"process {holder} ({_name(holder)})" if holder else "another process"
        yield f"apt is at work: {who} holds {path}: wait until it has ended, then run this again"


def _holder(path: str) -> int | bool | None:
    """The process that holds the lock; None where it is held and by whom is not known; False where it is free."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    holder: int | None = None
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            rows = [line.replace("-> ", "").split() for line in file]
    except OSError:
        rows = []
    for row in rows:
        if len(row) > 5 and row[1] in ("POSIX", "OFDLCK") and row[5] == wanted and row[4].isdecimal():
            holder = int(row[4])
    if holder:
        return holder
    return None if _is_locked(path) else False


def _is_locked(path: str) -> bool:
    """As apt would find it. Only root may open the file: for others /proc/locks has to do."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return "its name is not known"


def _said(argv: Sequence[str], machine: Machine) -> processes.Answer | None:
    try:
        wanted = asking(argv, machine)
        return processes.ask(wanted.argv, wanted.env, seconds=30.0)
    except (OSError, NoProgram):
        return None


def _broken(machine: Machine) -> Iterator[str]:
    answer = _said(("dpkg", "--audit"), machine)
    if answer is not None and answer.text.strip():
        # A package stands on a line of its own, indented by one blank, its summary after it.
        found = (line.split()[0] for line in answer.text.splitlines() if line.startswith(" ") and line.split())
        names = tuple(dict.fromkeys(found))
        anew = packages.half_installed(machine)
        rest = [name for name in names if name not in anew]
        if anew:
            cure = f"install them anew, or run `sudo dpkg --purge --force-remove-reinstreq {' '.join(anew)}`"
            yield f"dpkg left packages half unpacked ({', '.join(anew[:5])}): {cure}, then this again"
        if rest or not anew:
            shown = ", ".join(rest[:5]) or answer.text.strip().splitlines()[0]
            yield f"dpkg left packages half installed ({shown}): run `sudo dpkg --configure -a`, then this again"


def _held(wanted: set[str], machine: Machine) -> Iterator[str]:
    answer = _said(("apt-mark", "showhold"), machine)
    if answer is None or answer.returncode != 0:
        return
    for name in sorted({line.strip().partition(":")[0] for line in answer.text.splitlines()} & wanted):
        yield f"the package {name} is held where it is: run `sudo apt-mark unhold {name}`, or plan without it"
