"""The library's plans. STAND-IN: the planners and the executor come from other branches; at the merge their functions
and types take the places of those that raise here. `asked`, `differences` and `next_to_undo` belong to this branch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from cudadoctor.executor.change import Undone
from cudadoctor.host.base import Host
from cudadoctor.recommend.request import Words
from cudadoctor.remedies.plan import Plan, PlanStep
from cudadoctor.remedies.steps import WriteFile

__all__ = [
    "apply_plan",
    "asked",
    "differences",
    "holds",
    "next_to_undo",
    "plan_fix",
    "plan_install",
    "resume",
    "undo",
]

_ELSEWHERE = "comes from another branch"


class Asked(Struct, frozen=True, kw_only=True):
    """Stands in for remedies.install.request.Asked."""

    words: Words
    env: str | None = None
    toolkit: bool | None = None
    driver: bool | None = None
    conda: str | None = None
    as_published: bool = False
    local_repo: str | None = None
    conda_installer: str | None = None
    channels: tuple[str, ...] = ()
    index_url: str | None = None
    find_links: str | None = None
    shell_lines: bool | None = None
    smoke: bool = True


class Watcher(Protocol):
    """Stands in for executor.plan_run.Watcher."""

    def begin(self, step: PlanStep, number: int, total: int) -> None:
        """A step begins."""

    def output(self, line: str) -> None:
        """The running program printed a line."""

    def end(self, step: PlanStep, outcome: str, seconds: float, message: str = "") -> None:
        """A step ended."""


class Applied(Struct, frozen=True, kw_only=True):
    """Stands in for executor.plan_run.Applied."""

    state: Literal["applied", "failed", "interrupted", "nothing-to-do"]
    plan: Plan
    outcomes: Mapping[str, str]
    error: str | None
    log: str
    journal: str
    waiting: tuple[str, ...] = ()
    note: str | None = None


class TakenBack(Struct, frozen=True, kw_only=True):
    """Stands in for executor.plan_undo.TakenBack."""

    state: Literal["undone", "failed", "interrupted", "nothing-to-do"]
    what: str = ""
    items: tuple[Undone, ...] = ()
    lasting: tuple[str, ...] = ()
    error: str | None = None
    log: str = ""
    journal: str = ""


def plan_install(
    host: Host, asked: Asked, *, timeout: float = 60.0, progress: Callable[[str], None] | None = None
) -> Plan:
    """Stands in for pinst's."""
    raise NotImplementedError(_ELSEWHERE)


def plan_fix(
    host: Host | None,
    named: Sequence[str] = (),
    *,
    pasted: bytes | None = None,
    timeout: float = 60.0,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Stands in for pfix's."""
    raise NotImplementedError(_ELSEWHERE)


def holds(plan: Plan, *, host: Host | None = None) -> dict[str, bool | None]:
    """Stands in for pexec's."""
    raise NotImplementedError(_ELSEWHERE)


def apply_plan(host: Host, plan: Plan, *, named: Sequence[str] = (), watcher: Watcher | None = None) -> Applied:
    """Stands in for pexec's."""
    raise NotImplementedError(_ELSEWHERE)


def resume(host: Host, *, watcher: Watcher | None = None) -> Applied:
    """Stands in for pexec's."""
    raise NotImplementedError(_ELSEWHERE)


def undo(host: Host, journal: str | None = None, *, watcher: Watcher | None = None) -> TakenBack:
    """Stands in for pexec's: changes of rc files alone."""
    from cudadoctor import api_shell

    if journal is not None or watcher is None:
        raise NotImplementedError(_ELSEWHERE)
    done = api_shell.undo(host)
    return TakenBack(state="nothing-to-do") if done is None else TakenBack(state="undone", what=done[0], items=done[1])


def next_to_undo(host: Host, journal: str | None = None) -> Plan | None:  # noqa: ARG001
    """The plan whose run `undo` would take back; None where that is a change of rc files, or nothing. Stands in."""
    if journal is not None:
        raise NotImplementedError(_ELSEWHERE)
    return None


def asked(
    words: Words,
    *,
    env: str | None = None,
    toolkit: bool | None = None,
    driver: bool | None = None,
    conda: str | None = None,
    as_published: bool = False,
    local_repo: str | None = None,
    conda_installer: str | None = None,
    channels: tuple[str, ...] = (),
    index_url: str | None = None,
    find_links: str | None = None,
    shell_lines: bool | None = None,
    smoke: bool = True,
) -> Asked:
    """The request of `plan_install`, as it was typed; None: not given."""
    return Asked(
        words=words, env=env, toolkit=toolkit, driver=driver, conda=conda, as_published=as_published,
        local_repo=local_repo, conda_installer=conda_installer, channels=channels, index_url=index_url,
        find_links=find_links, shell_lines=shell_lines, smoke=smoke,
    )  # fmt: skip


def differences(plan: Plan) -> dict[str, tuple[str, ...]]:
    """By step id: what each file that the plan writes would change by, as a unified diff. Only looks.

    A file that cannot be read is left out.
    """
    from cudadoctor.executor.target import Refused, look
    from cudadoctor.shells.difference import difference

    found: dict[str, tuple[str, ...]] = {}
    for step in plan.steps:
        action = step.action
        if not isinstance(action, WriteFile):
            continue
        try:
            before = look(action.path).data
        except Refused:
            continue
        after = None if action.delete else action.text.encode("utf-8", "surrogateescape")
        found[step.id] = difference(action.path, before, after)
    return found
