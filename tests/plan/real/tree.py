"""Prints every file below a directory: path, kind, mode, owner, size and hash. Run on its own, for one machine."""

from __future__ import annotations

import hashlib
import os
import stat
import sys

LEFT_OUT = {
    "/proc": "the kernel's",
    "/dev": "made anew for each program",
    "/tmp": "temporary",
    "/opt/cudadoctor": "the tool itself",
    "/var/lib/apt/lists": "what apt last read from its sources",
    "/var/lib/apt/extended_states": "apt writes it anew at each change, in its own order",
    "/var/cache": "downloads and indexes of apt, debconf and ldconfig",
    "/var/log": "logs are kept: they say what happened",
    "/var/lib/dpkg/status": "compared by what dpkg-query lists",
    "/var/lib/dpkg/status-old": "dpkg's backup of it",
    "/var/lib/dpkg/available": "dpkg touches it",
    "/var/lib/dpkg/lock": "empty; comes with the first use",
    "/var/lib/dpkg/lock-frontend": "empty; comes with the first use",
    "/var/lib/dpkg/tmp.ci": "dpkg's working folder: it clears it when it runs next",
    "/var/lib/dpkg/triggers": "dpkg's working files",
    "/root/.local/state/cudadoctor": "the journals: what undo itself works from",
    "/root/.cache/cudadoctor": "downloads",
    "/home/me/.local/state/cudadoctor": "the journals: what undo itself works from",
    "/home/me/.cache/cudadoctor": "downloads",
}
"""Path → why a comparison of before and after leaves it out."""


def one(path: str) -> str:
    status = os.lstat(path)
    mode = f"{stat.S_IMODE(status.st_mode):04o} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"link {mode} -> {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            return f"file {mode} {status.st_size} {hashlib.sha1(file.read()).hexdigest()[:16]}"
    return f"{'directory' if stat.S_ISDIR(status.st_mode) else 'other'} {mode}"


def main(root: str) -> None:
    for folder, folders, files in os.walk(root):
        inside = folder.removeprefix(root) or ""
        folders[:] = sorted(name for name in folders if f"{inside}/{name}" not in LEFT_OUT)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted(files) + folders + links:
            path = f"{inside}/{name}"
            if path not in LEFT_OUT:
                print(
                    f"{path}\t{one(os.path.join(folder, name))}".encode("unicode_escape")
                    .decode()
                    .replace("\\t", "\t", 1)
                )


if __name__ == "__main__":
    main(sys.argv[1])
