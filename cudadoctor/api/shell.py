"""The library's changing half: lines for a shell, putting them into its rc file, taking changes back. No printing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Request

if TYPE_CHECKING:
    from cudadoctor.executor.doing.change import Undone
    from cudadoctor.executor.files.journal import Journal
    from cudadoctor.remedies.shell_plan import Change as Change  # noqa: PLC0414  the command line names it
    from cudadoctor.shells.carriers import Carrier
    from cudadoctor.shells.dialects import Shell
    from cudadoctor.shells.paths import Wanted
    from cudadoctor.shells.place import Session

__all__ = ["apply_shell", "plan_shell", "shell_lines", "undo"]


def shell_lines(
    host: Host, *, shell: str | None, cuda: str | None, ld_library_path: bool, carrier: Carrier = "rc"
) -> tuple[str, tuple[str, ...]]:
    """The lines that put a toolkit on PATH, for a shell or another carrier, and remarks. Nothing is changed.

    `shell` None: the user's, and POSIX where that is not known. `cuda`: a directory or a version; None: the toolkit
    that this machine uses. Raises CudaDoctorError.
    """
    from cudadoctor.shells import carriers, dialects

    chosen = dialects.shell_named(shell) if shell else _own_shell(host) or "sh"
    want, notes = _wanted(host, cuda, ld_library_path=ld_library_path)
    return carriers.text(carrier, chosen, want, host.env), notes


def plan_shell(
    host: Host,
    *,
    shell: str | None,
    session: Session = "interactive",
    cuda: str | None = None,
    ld_library_path: bool = False,
    remove: bool = False,
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes of rc files that put the block in, or with `remove` out of every file that has it, and remarks.

    Raises CudaDoctorError, where a file must not be written too: that is said before anybody is asked.
    """
    from cudadoctor.executor.doing import change as executor
    from cudadoctor.executor.files.target import Writer, look
    from cudadoctor.remedies import shell_plan
    from cudadoctor.shells import dialects, place

    home_dir = _home(host)
    home = place.Home.of(host.env, home_dir)
    named = dialects.shell_named(shell) if shell else None
    changes: list[Change] = []
    notes: tuple[str, ...] = ()
    if remove:
        for path in place.candidates(named, home) if named else place.every_candidate(home):
            target = look(path)
            if target.data is not None:
                own = path in place.candidates("fish", home) or _made_here(host, home_dir, target.real)
                changes.append(shell_plan.take(path, target.shown, target.data, own=own))
    else:
        named = named or _own_shell(host)
        if named is None:
            raise CudaDoctorError("which shell you use is not known (SHELL): name it with --shell")
        want, notes = _wanted(host, cuda, ld_library_path=ld_library_path)
        files = {path: look(path) for path in place.candidates(named, home)}
        existing = {path for path, target in files.items() if target.data is not None}
        spot = place.place(named, session, home, existing)
        target = files[spot.path]
        changes.append(shell_plan.put(spot.path, target.shown, target.data, named, want))
        login = place.place(named, "login", home, existing).path if named == "bash" else None
        other = files[login].data if login is not None and login != spot.path else None
        notes += shell_plan.reading_notes(spot.path, target.data, login if login != spot.path else None, other)
    changes = [one for one in changes if one.diff]
    executor.verify([one.step for one in changes], Writer.current(home_dir))
    return tuple(changes), notes


def apply_shell(host: Host, changes: Sequence[Change], action: str) -> None:
    """Do what `plan_shell` planned, with a journal. Raises CudaDoctorError; then every file is as it was."""
    from cudadoctor.executor.doing import change as executor
    from cudadoctor.executor.files.target import Writer

    home = _home(host)
    executor.perform([one.step for one in changes], Writer.current(home), _journal(host, home), action)


def undo(host: Host) -> tuple[str, tuple[Undone, ...]] | None:
    """Take the latest change back: its name, and what became of each file. None: there is nothing to take back."""
    from cudadoctor.executor.doing import change as executor
    from cudadoctor.executor.files.target import Writer
    from cudadoctor.shells import block

    home = _home(host)
    return executor.undo(_journal(host, home), Writer.current(home), block.take)


def _wanted(host: Host, cuda: str | None, *, ld_library_path: bool) -> tuple[Wanted, tuple[str, ...]]:
    from cudadoctor.probes import toolkit
    from cudadoctor.probes.base import Clock
    from cudadoctor.probes.quiet import Quiet
    from cudadoctor.remedies import shell_plan
    from cudadoctor.shells.paths import wanted

    named = cuda is not None and "/" in cuda
    inventory = None if named else toolkit.probe(host, Request(fast=True), Clock(20.0)).value
    want = wanted(shell_plan.chosen_root(inventory, cuda), ld_library_path=ld_library_path)
    notes = [shell_plan.WHY_NOT] if ld_library_path else []
    if Quiet(host).is_dir(want.bin) is False:
        notes.append(f"there is no {want.bin} on this machine: the lines do nothing until it is there")
    return want, tuple(notes)


def _own_shell(host: Host) -> Shell | None:
    from cudadoctor.shells import dialects

    name = host.env.get("SHELL", "")
    nobody = name.rpartition("/")[2] in ("", "nologin", "false", "true")  # a service's user
    return None if nobody else dialects.shell_named(name)


def _home(host: Host) -> str:
    from cudadoctor.probes.quiet import Quiet

    home = Quiet(host).home
    if home is None or not home.startswith("/"):
        raise CudaDoctorError("the home directory is not known: HOME is not set to an absolute path")
    return home


def _journal(host: Host, home: str) -> Journal:
    from cudadoctor.executor.files.journal import Journal, directory

    return Journal(directory(host.env, home))


def _made_here(host: Host, home: str, real: str) -> bool:
    """The file came to be by `--apply`: it goes when nothing but the block was in it."""
    return any(
        entry.real == real and entry.before == "" for group in _journal(host, home).open_groups() for entry in group
    )
