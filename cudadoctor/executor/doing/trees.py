"""What a step makes: noted before it, and removed again without following a link or crossing into another mount."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cudadoctor.executor.files.target import Refused
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine

_FEWEST = 2
"""Names that a path must have to be removed: `/opt` never is."""


class Made(Struct, frozen=True, kw_only=True):
    """A path that a step makes, as it was before the step."""

    path: str
    real: str
    """With the links of its directory resolved; the last name is not."""
    there: bool
    empty: bool = False
    """It was a directory with nothing in it."""
    folders: tuple[str, ...] = ()
    """Directories above it that were not there, the innermost first."""


def missing_folders(path: str) -> tuple[str, ...]:
    """Directories above a path that are not there, the innermost first."""
    found: list[str] = []
    folder = os.path.dirname(path)
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        found.append(folder)
        folder = os.path.dirname(folder)
    return tuple(found)


def real_of(path: str) -> str:
    """The path with the links of its directory resolved."""
    path = os.path.normpath(path)
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def note(path: str) -> Made:
    """What is there before."""
    real = real_of(path)
    empty = os.path.isdir(real) and not os.path.islink(real) and not _names(real)
    return Made(path=path, real=real, there=os.path.lexists(real), empty=empty, folders=missing_folders(real))


def listing(made: Made) -> dict[str, list[str]]:
    """What lies in a directory that was made: what comes to lie there later is somebody else's.

    `envs` is where conda puts environments that are made later.
    """
    found: dict[str, list[str]] = {}
    for folder in (made.real, os.path.join(made.real, "envs")):
        if os.path.isdir(folder) and not os.path.islink(folder):
            found[folder] = sorted(_names(folder))
    return found


def later(made: Made, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Paths in it that came after what `listing` gave; none where nothing was listed."""
    found = [
        os.path.join(folder, name)
        for folder, now in listing(made).items()
        if folder in names
        for name in now
        if name not in names[folder]
    ]
    return tuple(found)


def objection(made: Made, machine: Machine) -> str | None:
    """Why it must not be removed; None: it may be."""
    real = real_of(made.path)
    parts = [part for part in real.split("/") if part]
    if real != made.real:
        return f"{made.path}: its directory is another one now ({real}): remove it yourself"
    if len(parts) < _FEWEST or any(os.path.commonpath((real, one)) == real for one in (machine.home, machine.state)):
        return f"{made.path}: is never removed, as others live in it"
    if os.path.islink(real):
        return f"{made.path}: is a link now, and was not made as one: remove it yourself"
    mounted = [place for place in _mounts() if place == real or place.startswith(f"{real}/")]
    if mounted:
        return f"{made.path}: {mounted[0]} is a mount in it: unmount that first"
    return None


def remove(made: Made, machine: Machine, *, needs_root: bool, keep: frozenset[str] = frozenset()) -> bool:
    """Remove it, where it was not there before (one that was empty is emptied). False: there was nothing to remove.

    `keep`: names in it that stay. Raises Refused.
    """
    if (made.there and not made.empty) or not os.path.lexists(made.real):
        return False
    reason = objection(made, machine)
    if reason is not None:
        raise Refused(reason)
    kept = keep & frozenset(_names(made.real))
    whole = not made.there and not kept
    try:
        for path in [made.real] if whole else [os.path.join(made.real, name) for name in _names(made.real) - kept]:
            _remove(path, machine, needs_root=needs_root)
    except OSError as error:
        raise Refused(f"{error.filename or made.path}: cannot be removed: {error.strerror}") from error
    return True


def remove_folders(folders: tuple[str, ...], machine: Machine, *, needs_root: bool) -> None:
    """Directories that had to be made go where nothing is in them."""
    for folder in folders:
        if os.path.islink(folder) or not os.path.isdir(folder) or os.path.ismount(folder):
            return
        try:
            if _names(folder):
                return
            if machine.by_sudo(needs_root=needs_root):
                by_sudo(machine, "rmdir", "--", folder)
            else:
                os.rmdir(folder)
        except (OSError, Refused):
            return


def by_sudo(machine: Machine, *argv: str) -> None:
    """A small change as root. Raises Refused with what the program said."""
    from cudadoctor.executor.system.machine import NoProgram, command

    try:
        wanted = command(argv, machine, needs_root=True)
        answer = processes.ask(wanted.argv, wanted.env, seconds=600.0)
    except (OSError, NoProgram) as error:
        raise Refused(f"{argv[-1]}: {error}") from error
    if answer.returncode != 0:
        raise Refused(f"{argv[-1]}: {answer.last or f'{argv[0]} ended with {answer.returncode}'}")


def _remove(path: str, machine: Machine, *, needs_root: bool) -> None:
    if machine.by_sudo(needs_root=needs_root):
        by_sudo(machine, "rm", "-rf", "--one-file-system", "--", path)
    elif os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, onerror=_make_writable)
    else:
        os.unlink(path)


def _make_writable(_function: object, path: str, _info: object) -> None:
    """What conda and Go make has directories that are read-only. Tried once more, then the error stands."""
    folder = path if os.path.isdir(path) and not os.path.islink(path) else os.path.dirname(path)
    for one in (os.path.dirname(path), folder):
        if os.path.isdir(one) and not os.path.islink(one):
            os.chmod(one, stat.S_IMODE(os.stat(one).st_mode) | stat.S_IRWXU)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _names(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except NotADirectoryError:
        return frozenset()
    except OSError:
        return frozenset(("?",))  # not known: then it is not empty


def _mounts() -> tuple[str, ...]:
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            fields = [line.split(b" ") for line in file]
    except OSError:
        return ()
    return tuple(mount_place(one[4]) for one in fields if len(one) > 4)


def mount_place(field: bytes) -> str:
    r"""The path of a mount, in which the kernel writes a space as \040 and so on, other bytes as they are (proc(5))."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found[1], 8) & 0xFF,)), field))
