"""Where a plan is carried out, who does it, and which program is meant by a name."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError

SYSTEM_DIRS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where a program that runs as root is looked for; nowhere else, whatever PATH says."""
LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)
"""apt-get(8) and dpkg(1) take these while they work."""
STAFF = 50
"""Debian's group of /usr/local: its members may be root anyway (Debian Policy 9.1.2, read 2026-11)."""
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY")
_KEPT_FOR_ROOT = ("LANG", "LANGUAGE", "HOME", "TZ", *_PROXIES)
_ROOTS_HOME = "/root"


class NoProgram(CudaDoctorError):  # noqa: N818  the text names the program and what is wrong with it
    """A program is not there, or must not be run as root."""

    missing = False
    """It is not there, as opposed to there and not to be trusted."""


class Machine(Struct, frozen=True, kw_only=True):
    """The surroundings of a run. The defaults are those of a real machine; tests name stand-ins."""

    env: Mapping[str, str]
    home: str
    uid: int
    state: str
    """The directory of the journal and of the runs."""
    system_dirs: tuple[str, ...] = SYSTEM_DIRS
    sudo: str = "/usr/bin/sudo"
    trusted: frozenset[int] = frozenset((0,))
    """Owners of what may run as root."""
    locks: tuple[str, ...] = LOCKS
    boot_id: str = "/proc/sys/kernel/random/boot_id"
    myself: tuple[str, ...] = (sys.executable, "-m", "cudadoctor")
    plain_http: bool = False
    """For tests alone: let http to this machine itself through."""

    def by_sudo(self, *, needs_root: bool) -> bool:
        """Whether sudo has to stand before it."""
        return needs_root and self.uid != 0

    def boot(self) -> str:
        """A name for the time since the last start of the machine; "" where it has none."""
        try:
            with open(self.boot_id, encoding="ascii") as file:
                return file.read(64).strip()
        except (OSError, ValueError):
            return ""


class Command(Struct, frozen=True, kw_only=True):
    """What is started in the end."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    name: str
    """Of the program itself, without sudo, env and path: `apt-get`."""
    sudo: str | None = None
    """The path of sudo, where the program runs by it."""


def asking(argv: Sequence[str], machine: Machine) -> Command:
    """A program of the system that only looks: of the system's directories, in a clean environment, never by sudo.

    Raises NoProgram.
    """
    env = _environment(machine, needs_root=True)
    return Command(argv=(find(argv[0], {}, machine), *argv[1:]), env=env, name=argv[0])


def command(argv: Sequence[str], machine: Machine, *, needs_root: bool = False) -> Command:
    """Which file is run with which environment. Raises NoProgram.

    `env NAME=value … program` is taken apart here, so that the program itself is looked at.
    """
    assigned, words = _taken_apart(argv)
    if not words:
        raise NoProgram(f"`{' '.join(argv)}` names no program")
    env = _environment(machine, needs_root=needs_root)
    if words[0] == "cudadoctor" and not needs_root:
        return Command(argv=(*machine.myself, *words[1:]), env={**env, **assigned}, name="cudadoctor")
    path = find(words[0], {**env, **assigned}, machine, needs_root=needs_root)
    name = os.path.basename(words[0])
    if not machine.by_sudo(needs_root=needs_root):
        return Command(argv=(path, *words[1:]), env={**env, **assigned}, name=name)
    # sudo drops all but a few variables (sudoers(5), env_reset). A proxy's password must not stand in a command line.
    proxies = {key: env[key] for key in _PROXIES if key in env and "@" not in env[key]}
    given = [f"{key}={value}" for key, value in {**proxies, **assigned}.items()]
    front = (find("env", env, machine, needs_root=True), *given) if given else ()
    return Command(argv=(machine.sudo, "-n", "--", *front, path, *words[1:]), env=env, name=name, sudo=machine.sudo)


def _taken_apart(argv: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    words = tuple(argv)
    assigned: dict[str, str] = {}
    if words and os.path.basename(words[0]) == "env":
        words = words[1:]
        while words and "=" in words[0] and not words[0].startswith(("-", "=")):
            key, _, value = words[0].partition("=")
            assigned[key] = value
            words = words[1:]
        if words and words[0].startswith("-"):
            raise NoProgram(f"`{' '.join(argv)}`: options of env are not understood here")
    return assigned, words


def _environment(machine: Machine, *, needs_root: bool) -> dict[str, str]:
    """The user's own; for root a fresh one, without what could make a program load or run something else."""
    if not needs_root:
        return {key: value for key, value in machine.env.items() if key not in ("PYTHONHOME", "PYTHONSTARTUP")}
    kept = {key: machine.env[key] for key in _KEPT_FOR_ROOT if key in machine.env}
    if machine.uid != 0:
        kept["HOME"] = _ROOTS_HOME
    return {**kept, "PATH": ":".join(machine.system_dirs), "TERM": "dumb"}


def find(name: str, env: Mapping[str, str], machine: Machine, *, needs_root: bool = False) -> str:
    """The absolute path of a program. Raises NoProgram.

    What runs as root is taken from the system's directories alone, and nobody else may be able to write it.
    """
    if "/" in name:
        if not name.startswith("/"):
            raise NoProgram(f"{name}: a path of a program must begin at the root")
        candidates = [name]
    else:
        own = [] if needs_root else [folder for folder in env.get("PATH", "").split(":") if folder.startswith("/")]
        candidates = [os.path.join(folder, name) for folder in (*own, *machine.system_dirs)]
    doubts: list[str] = []
    for path in candidates:
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            continue
        doubt = doubtful(path, machine) if needs_root or machine.uid == 0 else None
        if doubt is None:
            return path
        doubts.append(doubt)
    if doubts:
        raise NoProgram(f"{doubts[0]}: it is not run as root")
    error = NoProgram(f"{name}: there is no such program" + ("" if "/" in name else " on PATH"))
    error.missing = True
    raise error


def doubtful(path: str, machine: Machine) -> str | None:
    """Why somebody else could put another program in its place; None: nobody could."""
    seen: set[str] = set()
    for start in (path, os.path.realpath(path)):
        here = start
        while here not in seen:
            seen.add(here)
            try:
                status = os.lstat(here)
            except OSError as error:
                return f"{here}: cannot be looked at: {error.strerror}"
            if status.st_uid not in machine.trusted:
                return f"{here}: belongs to another user (uid {status.st_uid})"
            by_all = status.st_mode & stat.S_IWOTH
            by_group = status.st_mode & stat.S_IWGRP and status.st_gid not in (0, STAFF)
            sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
            if (by_all or by_group) and not sticky and not stat.S_ISLNK(status.st_mode):
                return f"{here}: may be written by {'everybody' if by_all else f'the group {status.st_gid}'}"
            here = os.path.dirname(here)
    return None
