"""What the forms of a plan have in common: which steps are only shown, what one line of a command is, sums."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Literal

from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import AllOf, Condition, Fetch, Plan, PlanStep, Run, WriteFile

Holds = Mapping[str, bool | None]
"""By step id: done already, not, or not known."""
Role = Literal["held", "do", "by-you", "by-name"]
"""held: done already. do: `--apply` does it. by-you: only shown. by-name: done only where the user names it."""

SMOKE = ("cudadoctor", "smoke")
"""How the argv of a smoke test begins: the one program of a plan that may not be there."""
RC_NAMES = frozenset(
    (
        ".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zprofile", ".zshenv", ".kshrc", ".mkshrc",
        ".cshrc", ".tcshrc", ".login", "config.fish", "cudadoctor.fish", ".xonshrc", "bash.bashrc", "profile",
    )
)  # fmt: skip
"""Names of the files that shells read when they start."""


def role(step: PlanStep, holds: Holds, named: Collection[str] = ()) -> Role:
    """What becomes of a step. `named`: ids of steps that are done though they are not safe enough unasked."""
    if holds.get(step.id) is True:
        return "held"
    if step.manual:
        return "by-you"
    return "do" if step.id in named or not step.by_name else "by-name"


def always(step: PlanStep) -> bool:
    """Nothing says whether it is done: it is run every time (a test, an update of lists)."""
    action = step.action
    knows = isinstance(action, WriteFile) or (isinstance(action, Fetch) and action.digest is not None)
    return step.done_when is None and not knows and not step.manual


def own_conditions(plan: Plan, step: PlanStep) -> tuple[Condition, ...]:
    """What has to hold when the step has run; of a download nothing, as that is compared on the way.

    A step that serves a later one may bear that one's condition ("not again once the toolkit is there"): the later one
    is judged by it.
    """
    if step.done_when is None or isinstance(step.action, Fetch):
        return ()
    later = [
        one
        for other in plan.steps[plan.steps.index(step) + 1 :]
        if other.done_when is not None
        for one in _single(other.done_when)
    ]
    return tuple(one for one in _single(step.done_when) if one not in later)


def _single(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AllOf):
        for one in condition.conditions:
            yield from _single(one)
    else:
        yield condition


def nothing_to_do(plan: Plan, holds: Holds, named: Collection[str] = ()) -> bool:
    """Everything of it that is not for a person, and of which it can be known, is done: there is something of it."""
    ours = [step for step in plan.steps if role(step, holds, named) in ("held", "do")]
    judged = [step for step in ours if not always(step)]
    return bool(judged) and all(holds.get(step.id) is True for step in judged)


def needed_later(plan: Plan, step: PlanStep) -> bool:
    """Whether a later step that is done by program rests on it, directly or through others."""
    resting = {step.id}
    for other in plan.steps:
        if resting.intersection(other.needs):
            if not other.manual:
                return True
            resting.add(other.id)
    return False


def downloads_mib(plan: Plan, holds: Holds) -> int:
    """MiB of the files that are still to be fetched, those whose size is known."""
    return sum(
        step.action.size_mib or 0
        for step in plan.steps
        if isinstance(step.action, Fetch) and holds.get(step.id) is not True and not is_local(step.action)
    )


def is_local(action: Fetch) -> bool:
    """It is on this machine already."""
    return action.url.startswith("file:")


def local_path(action: Fetch) -> str:
    """The path that a `file://` address names. Raises CudaDoctorError for one of another machine."""
    from urllib.parse import unquote

    host, slash, rest = action.url.removeprefix("file://").partition("/")
    if not action.url.startswith("file://") or not slash or host not in ("", "localhost"):
        raise CudaDoctorError(f"{action.url}: not the address of a file on this machine (file:///path)")
    return "/" + unquote(rest, errors="surrogateescape")


def https_only(action: Fetch) -> str:
    """Its address. Raises CudaDoctorError where that is neither https nor a file of this machine."""
    if not action.url.startswith("https://"):
        raise CudaDoctorError(f"{action.url}: only https addresses are fetched")
    return action.url


def absolute(path: str, step: PlanStep) -> str:
    """The path. Raises CudaDoctorError for one that depends on where the reader stands."""
    if not path.startswith("/") or "\0" in path:
        raise CudaDoctorError(f"step {step.id}: {path!r} is not an absolute path")
    return path


def removable(path: str, home: str | None) -> bool:
    """Whether a directory may be removed whole before a second try: never one that others live in."""
    clean = posixpath.normpath(path)
    inside = clean.count("/") > 1 and clean == path.rstrip("/")
    return inside and (home is None or not f"{posixpath.normpath(home)}/".startswith(f"{clean}/"))


def is_smoke(step: PlanStep) -> bool:
    """A smoke test by cudadoctor itself."""
    return isinstance(step.action, Run) and step.action.argv[:2] == SMOKE


def smoke_environment(step: PlanStep) -> tuple[str | None, str]:
    """The environment that a smoke test names, and the device that torch knows for what it asks."""
    argv = step.action.argv if isinstance(step.action, Run) else ()
    found = {name: value for name, value in pairwise(argv) if name in ("--env", "--device")}
    device = found.get("--device", "auto")
    return found.get("--env"), "cuda" if device == "auto" else device


def entering(plan: Plan) -> str | None:
    """What comes before the command that enters the environment; None where there is none to enter."""
    if not plan.enter:
        return None
    return "To use it, in a new shell:" if plan.new_shell else "To use it:"


def only_named(plan: Plan, holds: Holds, named: Collection[str] = ()) -> str | None:
    """The command that does what is done only when it is named; None where there is no such step."""
    owners = {step.id.rpartition("-")[0] for step in plan.steps if role(step, holds, named) == "by-name"}
    causes = dict.fromkeys(one.partition("@")[0] for one in plan.purpose.findings)
    words = [one for one in causes if one in owners]
    return f"cudadoctor fix {' '.join(words)} --apply" if words else None


def steps_said(count: int) -> str:
    """`1 step`, `3 steps`."""
    return f"{count} step{'' if count == 1 else 's'}"


def size(mib: int) -> str:
    """MiB below one GiB, else GiB with one decimal."""
    return f"{mib} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"


def networks(plan: Plan, holds: Holds) -> Iterator[str]:
    """The hosts that the steps still to be done speak to, each once, in order."""
    seen: set[str] = set()
    for step in plan.steps:
        for host in () if holds.get(step.id) is True else step.network:
            if host not in seen:
                seen.add(host)
                yield host
