"""A machine of its own: a Debian tree, an overlay over it, and namespaces in which programs see nothing else.

Every program runs in new mount and process namespaces, so nothing is mounted on the machine that runs the tests, and
nothing that was started outlives its test. What it writes lies in the overlay's upper folder and is there for the next.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
INSIDE = "/opt/cudadoctor"
"""The package and what it needs, in the machine."""

# $1 the mount point, $2 the overlay's options, $3 size of a tmpfs for / instead of the upper folder or "", then binds
# as FROM TO pairs, "--" and the command. Process 1 stays this shell: a program that is process 1 cannot be killed.
_ENTER = r"""
set -eu
root=$1 options=$2
shift 2
mount -t overlay -o "$options" overlay "$root"
mount -t proc proc "$root/proc"
[ ! -d "$root/proc/driver" ] || mount -t tmpfs tmpfs "$root/proc/driver"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for one in null zero full random urandom tty; do : > "$root/dev/$one"; mount --bind "/dev/$one" "$root/dev/$one"; done
mkdir -m 1777 "$root/dev/shm"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
while [ "$1" != -- ]; do
    if [ "$1" = tmpfs ]; then
        mount -t tmpfs -o "$3" tmpfs "$root$2"
        shift 3
    else
        [ -e "$root$2" ] || mkdir -p "$root$2"
        mount --bind "$1" "$root$2"
        mount -o remount,bind,ro "$root$2"
        shift 2
    fi
done
shift
"$@" || exit "$?"
"""


@dataclass(frozen=True)
class Done:
    """What a program said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Machine:
    """One machine; `folder` holds what it differs in from its layers."""

    folder: Path
    layers: Sequence[Path]
    """The topmost first."""
    binds: Mapping[str, str] = field(default_factory=dict)
    """Read-only: path in the machine → path here."""
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def upper(self) -> Path:
        return self.folder / "upper"

    def file(self, path: str) -> Path:
        """Where a file of the machine lies: in what it changed, else in its layers. Only while nothing runs in it."""
        for layer in (self.upper, *self.layers):
            found = layer / path.lstrip("/")
            if os.path.lexists(found):
                return found
        return self.upper / path.lstrip("/")

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Put a file into the machine. Only while nothing runs in it."""
        target = self.upper / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        target.chmod(mode)

    def _command(
        self, argv: Sequence[str], *, network: bool, uid: int | None, small: Mapping[str, str], outside: bool
    ) -> list[str]:
        options = f"lowerdir={':'.join(map(str, self.layers))},upperdir={self.upper},workdir={self.folder / 'work'}"
        root = str(self.folder / "root")
        spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        if not network:
            spaces.append("--net")
        mounts = [text for at, size in small.items() for text in ("tmpfs", at, f"mode=700,{size}")]
        mounts += [text for at, source in self.binds.items() for text in (source, at)]
        inner = list(argv)
        if not outside:
            inner = ["/usr/sbin/chroot", *([f"--userspec={uid}:{uid}"] if uid else []), root, *argv]
        return ["unshare", *spaces, "sh", "-c", _ENTER, "sh", root, options, *mounts, "--", *inner]

    def run(
        self,
        *argv: str,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        uid: int | None = None,
        small: Mapping[str, str] | None = None,
        outside: bool = False,
        timeout: float = 120,
        stdin: str = "",
    ) -> Done:
        """Run a program in it as root, or as `uid`. `small`: directory → options of a tmpfs there (`size=1m`).

        `outside`: in its namespaces, with this machine's programs, and the tree at `folder / "root"`.
        """
        command = self._command(argv, network=network, uid=uid, small=small or {}, outside=outside)
        mine = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
        }
        mine |= {"USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "TERM": "dumb", **self.env, **(env or {})}
        done = subprocess.run(
            command,
            env=mine,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def cudadoctor(self, *argv: str, **more: object) -> Done:
        """Run cudadoctor in it."""
        return self.run("/usr/local/bin/cudadoctor", *argv, **more)  # type: ignore[arg-type]

    def tree(self) -> dict[str, str]:
        """Path → kind, mode, owner, size and hash, of all that is in it and not left out by `tree.py`."""
        done = self.run(sys.executable, str(HERE / "tree.py"), str(self.folder / "root"), outside=True)
        assert done.code == 0, done.err
        return dict(line.split("\t", 1) for line in done.out.splitlines())

    def packages(self) -> dict[str, str]:
        """Name → version and state of every package that dpkg knows."""
        done = self.run("dpkg-query", "-W", "-f", "${Package}\t${Version} ${db:Status-Abbrev}\n")
        assert done.code == 0, done.err
        return dict(line.split("\t", 1) for line in done.out.splitlines())
