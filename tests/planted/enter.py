"""The shell script that puts a planted machine in place for one process tree."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from tests.machines.virtual import VirtualHost

LIBDIR = f"/usr/lib/{os.uname().machine}-linux-gnu"
HIDDEN = (
    "/usr/local/cuda*",
    "/opt/cuda*",
    "/opt/nvidia",
    "/usr/bin/nvidia-*",
    "/usr/bin/nvcc",
    f"{LIBDIR}/libcuda.so*",
    f"{LIBDIR}/libnvidia-*",
    "/usr/lib/modules",
    "/etc/ld.so.conf.d",
    "/etc/profile.d",
    "/home/ada",
    "/.dockerenv",
    "/run/.containerenv",
)
"""What a real machine may have of the things that are planted."""
MASKED = ("/proc/driver", "/proc/modules", "/sys/module", "/sys/bus/pci/devices", "/dev")
"""What the kernel gives, and cannot be written: bind mounts stand over it. Most have to be on the real machine, too."""


def script(folder: Path, host: VirtualHost) -> str:
    """Shell commands that put the machine in place, for one process tree in a mount namespace of its own.

    The root is an overlay over the real one with the planted files copied onto it; all other mounts are bound in.
    """
    lines = [
        "set -e",
        f"F={shlex.quote(str(folder))}",
        "R=$F/fs; M=$F/merged",
        "mkdir -p $F/ground $M",
        "mount -t tmpfs planted $F/ground",
        "mkdir $F/ground/upper $F/ground/work $F/ground/pci $F/ground/dev",
        "mount -t overlay planted -o lowerdir=/,upperdir=$F/ground/upper,workdir=$F/ground/work $M",
        f"rm -rf {' '.join(f'$M{one}' for one in HIDDEN)}",
        "for one in usr etc home opt; do [ ! -d $R/$one ] || cp -a --remove-destination $R/$one $M/; done",
        "awk '$5 != \"/\" { print $5 }' /proc/self/mountinfo | sort -u | while read -r one; do",
        '  case "$one" in "$F"/*) continue;; esac',
        '  [ ! -e "$M$one" ] || mount --bind "$one" "$M$one"',
        "done",
        "mount --bind $F/cwd $M$F/cwd",  # what is written there outlives the overlay
        # /sys/bus/pci/devices/* are links to folders elsewhere under /sys: here the folders themselves
        "for one in $R/sys/bus/pci/devices/*; do",
        '  [ ! -L "$one" ] || cp -a "$(readlink -f "$one")" "$F/ground/pci/${one##*/}"',
        "done",
        "D=$F/ground/dev",
        "mkdir $D/shm $D/pts",
        "for one in null zero full random urandom tty; do",
        '  touch "$D/$one" && mount --bind "/dev/$one" "$D/$one"',
        "done",
        "mount --bind /dev/shm $D/shm",
        "ln -s /proc/self/fd $D/fd",
        "for one in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${one%%:*} $D/${one#*:}; done",
    ]
    for path, entry in host._entries.items():
        if entry.kind == "char" and path.startswith("/dev/"):
            # the number of /dev/null: it opens, and does nothing
            lines += [f"mknod $F/ground{path} c 1 3", f"chmod {stat.S_IMODE(entry.mode):o} $F/ground{path}"]
    sources = {"/sys/bus/pci/devices": "$F/ground/pci", "/dev": "$D"}
    for place in MASKED:
        lines.append(f"[ ! -e {place} ] || mount --rbind {sources.get(place, f'$R{place}')} $M{place}")
    lines += [
        "chroot $M ldconfig -X 2>/dev/null",
        'exec chroot $M sh -c \'cd "$0" && exec "$@"\' "$F/cwd" "$@"',
        "",
    ]
    return "\n".join(lines)
