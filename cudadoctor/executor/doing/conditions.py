"""Whether a step is done already. Looking changes nothing, and what does not answer is "not known"."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence

from cudadoctor.executor.doing.change import content
from cudadoctor.executor.files.target import Refused, look
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine, NoProgram, command
from cudadoctor.remedies.plan import AllOf, Condition, Exists, Fetch, Plan, PlanStep, Prints, WriteFile

DEADLINE = 10.0
"""Seconds for one program that looks."""


def holds(condition: Condition, machine: Machine) -> bool | None:
    """Whether it holds. None: not known, as a program hung or a file could not be read."""
    if isinstance(condition, AllOf):
        return both(holds(one, machine) for one in condition.conditions)
    if isinstance(condition, Prints):
        return _prints(condition, machine)
    if isinstance(condition, Exists):
        return _exists(condition)
    return hash_of(condition.path, condition.algorithm, condition.digest)


def both(answers: Iterator[bool | None]) -> bool | None:
    """All of them: False where one is, else None where one is, else True."""
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown |= answer is None
    return None if unknown else True


def knows(step: PlanStep) -> bool:
    """Whether it can be seen that the step is done: a test and an update of lists are always run."""
    own = isinstance(step.action, WriteFile) or (isinstance(step.action, Fetch) and step.action.digest is not None)
    return step.done_when is not None or own


def done(step: PlanStep, machine: Machine) -> bool | None:
    """Whether the step's work is there. None: it cannot be known."""
    if isinstance(step.action, WriteFile):
        written = _written(step.action)
        return written if step.done_when is None else both(iter((written, holds(step.done_when, machine))))
    if step.done_when is not None:
        return holds(step.done_when, machine)
    if isinstance(step.action, Fetch) and step.action.digest is not None:
        return hash_of(step.action.path, step.action.algorithm, step.action.digest)
    return None


def own(step: PlanStep, plan: Plan) -> tuple[Condition, ...]:
    """What the step itself has to bring about: of a download and a file nothing, as that was compared on the way.

    A step that serves a later one may bear that one's condition ("not again once the toolkit is there"): the later one
    is judged by it.
    """
    if step.done_when is None or isinstance(step.action, Fetch):
        return ()
    after = plan.steps[plan.steps.index(step) + 1 :]
    later = [one for other in after if other.done_when is not None for one in _atoms(other.done_when)]
    return tuple(one for one in _atoms(step.done_when) if one not in later)


def _atoms(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AllOf):
        return tuple(atom for one in condition.conditions for atom in _atoms(one))
    return (condition,)


def look_at(plan: Plan, machine: Machine, recorded: Sequence[str] = ()) -> dict[str, bool | None]:
    """Per step whether it is done. `recorded`: steps that a journal says were done, where nothing else tells.

    What only serves others, a download and an update of lists, is done where all that need it are.
    """
    found: dict[str, bool | None] = {}
    for step in plan.steps:
        found[step.id] = done(step, machine)
        by_journal = not knows(step) or isinstance(step.action, WriteFile)  # others may have added to a file since
        if step.id in recorded and by_journal and not step.manual:
            found[step.id] = True
    for step in reversed(plan.steps):
        serves = [other.id for other in plan.steps if step.id in other.needs and not other.manual]
        only_serves = isinstance(step.action, Fetch) or not knows(step)
        if found[step.id] is not True and serves and only_serves and not step.manual:
            found[step.id] = True if all(found[other] is True for other in serves) else found[step.id]
    return found


def _prints(condition: Prints, machine: Machine) -> bool | None:
    try:
        wanted = command(condition.argv, machine)
        answer = processes.ask(wanted.argv, wanted.env, seconds=DEADLINE, session=True)
    except NoProgram as error:
        return False if error.missing else None
    except OSError:
        return None
    if answer.returncode is None:
        return None
    return answer.returncode == 0 and (condition.text is None or answer.text.strip() == condition.text.strip())


def _exists(condition: Exists) -> bool | None:
    try:
        os.stat(condition.path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return None
    if condition.what == "directory":
        return os.path.isdir(condition.path)
    return os.path.isfile(condition.path) and (condition.what == "file" or os.access(condition.path, os.X_OK))


def hash_of(path: str, algorithm: str, digest: str) -> bool | None:
    """Whether a file's bytes have that hash; None: it cannot be read."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file_hash(file.fileno(), algorithm) == digest.lower()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError:
        return None


def file_hash(descriptor: int, algorithm: str) -> str:
    """The hash of an open file, from its beginning. MD5 is what NVIDIA publishes for its local packages."""
    hashed = hashlib.new(algorithm, usedforsecurity=False)
    offset = 0
    while piece := os.pread(descriptor, 1 << 20, offset):
        hashed.update(piece)
        offset += len(piece)
    return hashed.hexdigest()


def _written(action: WriteFile) -> bool | None:
    try:
        target = look(action.path)
    except Refused:
        return None
    return target.data is None if action.delete else target.data == content(action)
