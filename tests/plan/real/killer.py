"""Starts a program in a chroot, and kills it when its journal says that the N-th step began or ended.

Run on its own, in the namespaces of one machine: killer.py ROOT WHEN N ARGUMENT…, with WHEN begin, process, end,
power or script; ends with 137 where it killed, else with the program's own status. What the program had started goes
on to its end, as SIGKILL is for one process; with `power` nothing does: the namespace ends, a moment after the N-th
process was started; with `script` too, while the N-th script of a package runs.
"""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
import time


def events(root: str, wanted: str) -> int:
    """How many events of this kind are written."""
    count = 0
    for path in glob.glob(f"{root}/root/.local/state/cudadoctor/runs/*/events.jsonl"):
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        count += sum(json.loads(line)["event"] == wanted for line in lines)
    return count


def scripts(root: str) -> set[str]:
    """Processes that run a script of a package."""
    found = set()
    for path in glob.glob(f"{root}/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(b"/var/lib/dpkg/") and word.endswith((b"preinst", b"postinst")) for word in words):
            found.add(path)
    return found


def others() -> list[int]:
    """Processes of this namespace besides process 1 and this one, by the chroot's /proc, which is also ours."""
    return [int(name) for name in os.listdir(f"{sys.argv[1]}/proc") if name.isdecimal() and int(name) > 2]


def main() -> int:
    root, when, number, *argv = sys.argv[1:]
    wanted = "process" if when == "power" else when
    program = subprocess.Popen(["/usr/sbin/chroot", root, *argv])
    seen: set[str] = set()
    while program.poll() is None:
        if when == "script":
            seen |= scripts(root)
            if len(seen) >= int(number):
                return 137
        elif events(root, wanted) >= int(number):
            if when == "power":
                time.sleep(0.05 * (int(number) % 4))
                return 137
            program.kill()
            program.wait()
            own = {program.pid, os.getpid()}
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and set(others()) - own:
                time.sleep(0.02)
            return 137
        time.sleep(0.001)
    return program.returncode


if __name__ == "__main__":
    sys.exit(main())
