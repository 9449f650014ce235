"""All that stands against a plan, found before its first step: every objection at once, each with what to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing.conditions import hash_of
from cudadoctor.executor.doing.fetch import local_path
from cudadoctor.executor.doing.kept import Before
from cudadoctor.executor.doing.trees import note
from cudadoctor.executor.files.target import Refused, Writer, look
from cudadoctor.executor.files.target import objections as against_file
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine, NoProgram, command
from cudadoctor.executor.verify import preflight_apt, preflight_room
from cudadoctor.remedies.plan import Fetch, Plan, PlanStep, Run, WriteFile, brings, problems

_OUR_CACHE = "/cudadoctor/"
"""In a path: what lies there was fetched by cudadoctor, and an older one of that name may go."""


class Objected(CudaDoctorError):  # noqa: N818  its text is the objections
    """The plan was not begun. `objections` has a line for each; the text has all of them in one."""

    def __init__(self, objections: Sequence[str]) -> None:
        self.objections = tuple(objections)
        super().__init__(f"nothing was changed: {'; '.join(self.objections)}")


def verify(
    plan: Plan,
    todo: Sequence[PlanStep],
    machine: Machine,
    earlier: Mapping[str, Before],
    *,
    written: Sequence[str] = (),
    broken_off: Mapping[str, str] | None = None,
    mending: bool = False,
) -> None:
    """Look at all steps that are to be done. Raises Objected with everything that stands against them.

    `earlier`: what a run that is gone on with noted before its steps. `written`: files that earlier steps of it wrote.
    `broken_off`: what other runs left half made, and the folder of the run.
    `mending`: what dpkg left half done is that run's own.
    """
    found = [
        *(f"the plan is not whole: {problem}" for problem in problems(plan)),
        *_whose(plan, todo, machine),
        *_sudo(todo, machine),
        *_programs(todo, machine),
        *preflight_apt.objections(todo, machine, mending=mending),
        *_files(todo, machine, written),
        *_places(todo, earlier, broken_off or {}),
        *preflight_room.disk(todo, machine),
        *preflight_room.network(todo, machine),
    ]
    if found:
        raise Objected(tuple(dict.fromkeys(found)))


def verify_undo(steps: Sequence[PlanStep], machine: Machine, *, mending: bool = False) -> None:
    """The same for taking steps back. Raises Objected."""
    apt = preflight_apt.objections([step for step in steps if step.packages or step.undo], machine, mending=mending)
    found = [*_sudo(steps, machine), *apt]
    if found:
        raise Objected(found)


def _whose(plan: Plan, todo: Sequence[PlanStep], machine: Machine) -> Iterator[str]:
    if plan.home is not None and plan.home != machine.home:
        yield f"the plan was made for the home directory {plan.home}, and this is {machine.home}: make it anew"
    if plan.uid is not None and plan.uid != machine.uid:
        yield f"the plan was made for the user with uid {plan.uid}, and this is uid {machine.uid}: make it anew"
    if all(step.needs_root for step in todo):
        return
    try:
        owner = os.stat(machine.home).st_uid
    except OSError as error:
        yield f"the home directory {machine.home} cannot be looked at: {error.strerror}"
        return
    if owner != machine.uid:
        sudo = machine.uid == 0 and machine.env.get("SUDO_UID")
        cure = "run it without sudo: it asks for root only where a step needs it" if sudo else "set HOME to your own"
        yield f"HOME={machine.home} belongs to another user (uid {owner}, this is uid {machine.uid}): {cure}"


def _sudo(todo: Sequence[PlanStep], machine: Machine) -> Iterator[str]:
    wanting = [step.id for step in todo if machine.by_sudo(needs_root=step.needs_root)]
    if not wanting:
        return
    steps = f"{wanting[0]} needs root" if len(wanting) == 1 else f"{len(wanting)} steps need root ({wanting[0]}, …)"
    if not os.access(machine.sudo, os.X_OK):
        yield f"{steps} and there is no {machine.sudo}: run this as root, or let an administrator do the steps"
        return
    env = {key: value for key, value in machine.env.items() if key in ("PATH", "HOME", "LANG", "TERM")}
    try:
        answer = processes.ask((machine.sudo, "-n", "--", "true"), env)
    except OSError as error:
        yield f"{steps} and {machine.sudo} cannot be started: {error.strerror}"
        return
    if answer.returncode == 0:
        return
    if answer.returncode is None or not answer.last or "password" in answer.errors:
        yield f"{steps} and sudo would ask for a password: run `sudo -v` first, in this terminal, or run this as root"
    else:
        yield f"{steps} and sudo refuses: {answer.last}: run this as root, or let an administrator do the steps"


def _programs(todo: Sequence[PlanStep], machine: Machine) -> Iterator[str]:
    """A program that is not there yet must come by an earlier step."""
    made: list[str] = []
    installing = False
    told: set[str] = set()
    for step in todo:
        if isinstance(step.action, Run):
            try:
                command(step.action.argv, machine, needs_root=step.needs_root)
            except NoProgram as error:
                path = str(error).partition(":")[0]
                comes = any(path == one or path.startswith(f"{one}/") for one in made)
                if str(error) not in told and not (error.missing and (comes or (installing and _of_packages(path)))):
                    told.add(str(error))
                    yield f"{step.id}: {error}: install it, then run this again"
        action = step.action
        made += [os.path.normpath(path) for path in step.makes]
        made += [action.path] if isinstance(action, (WriteFile, Fetch)) else []
        installing |= step.packages


def _of_packages(path: str) -> bool:
    return "/" not in path or path.startswith(("/usr/", "/bin/", "/sbin/", "/opt/"))


def _files(todo: Sequence[PlanStep], machine: Machine, written: Sequence[str]) -> Iterator[str]:
    """Files that are to be written or changed on the side."""
    changed_before = set(written)
    for step in todo:
        root = step.needs_root
        action = step.action
        writer = Writer(uid=0 if root else machine.uid, home="/" if root else machine.home)
        own = (action.path,) if isinstance(action, WriteFile) else ()
        for path in (*own, *step.touches):
            try:
                target = look(path)
            except Refused as refused:
                yield f"{step.id}: {refused}"
                continue
            reasons = against_file(target, writer)
            if machine.by_sudo(needs_root=root):  # what this user may not write root may
                reasons = tuple(reason for reason in reasons if "cannot be written" not in reason)
            yield from (f"{step.id}: {reason}" for reason in reasons if " HOME=" not in reason or root)
            meant = action.before if isinstance(action, WriteFile) and path == action.path else None
            if meant is not None and target.digest != meant and path not in changed_before:
                yield f"{step.id}: {target.shown}: was changed by something else since the plan was made: make it anew"
        changed_before.update((*own, *step.touches))


def _places(todo: Sequence[PlanStep], earlier: Mapping[str, Before], broken_off: Mapping[str, str]) -> Iterator[str]:
    """What a step would make where something else lies already."""
    by_earlier: list[str] = []
    for step in todo:
        yield from _unwritable(step, by_earlier)
        by_earlier += step.makes
        was = earlier.get(step.id)
        ours = {made.path for made in was.makes if not made.there} if was is not None else set()
        yield from (f"{step.id}: {text}" for text in in_the_way(step, ours, broken_off))
        if isinstance(step.action, Fetch):
            yield from _place_of_fetch(step.id, step.action, ours=step.action.path in ours)


def in_the_way(step: PlanStep, ours: Collection[str], broken_off: Mapping[str, str] | None = None) -> Iterator[str]:
    """What lies where the step makes something, and is not of `ours`."""
    for path in step.makes:
        made = note(path)
        if made.there and not made.empty and not step.packages and path not in ours and brings(step, path):
            what = "is a link" if os.path.islink(made.real) else "is there already"
            cure = "is not what this step makes: move it away, or choose another place"
            if path in (broken_off or {}):
                cure = "was left by a run that was broken off: `--resume` goes on with it, `undo` takes it back"
            yield f"{path} {what} and {cure}"


def _unwritable(step: PlanStep, by_earlier: Sequence[str]) -> Iterator[str]:
    """Directories in which this user can make nothing: a home that is read-only."""
    if step.needs_root:
        return
    for path in step.makes:
        folder = preflight_room.nearest(os.path.dirname(path))
        comes = any(path.startswith(f"{one}/") for one in by_earlier)
        if not comes and not os.path.lexists(path) and not os.access(folder, os.W_OK | os.X_OK):
            yield f"{step.id}: {path} cannot be made, as the directory {folder} cannot be written: choose another place"


def _place_of_fetch(name: str, action: Fetch, *, ours: bool) -> Iterator[str]:
    folder = preflight_room.nearest(os.path.dirname(action.path))
    if os.path.isdir(action.path):
        yield f"{name}: {action.path} is a directory: move it away"
    elif (
        os.path.lexists(action.path)
        and not (ours or _OUR_CACHE in action.path)
        and not hash_of(action.path, action.algorithm, action.digest or "")
    ):
        yield f"{name}: {action.path} is there already and is another file: move it away"
    mode = os.stat(folder).st_mode
    if mode & stat.S_IWOTH:
        yield f"{name}: everybody may write the directory {folder}: fetch to one that is yours"
    elif not action.needs_root and not os.access(folder, os.W_OK | os.X_OK):
        yield f"{name}: the directory {folder} cannot be written"
    if not action.url.startswith(("https://", "file:///")):
        yield f"{name}: {action.url}: only https is used, and file:/// for a file of this machine"
    elif action.url.startswith("file:///"):
        source = local_path(action.url)
        if not os.path.isfile(source):
            yield f"{name}: {source}: there is no such file"
