"""The library's plans: made, looked at, carried out and taken back. No printing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.base import Host

if TYPE_CHECKING:
    from cudadoctor.executor.run.plan_run import Applied as Applied  # noqa: PLC0414  the command line names them
    from cudadoctor.executor.run.plan_run import Watcher as Watcher  # noqa: PLC0414
    from cudadoctor.executor.run.plan_undo import TakenBack as TakenBack  # noqa: PLC0414
    from cudadoctor.executor.run.unfinished import Unfinished as Unfinished  # noqa: PLC0414
    from cudadoctor.executor.system.machine import Machine
    from cudadoctor.recommend.request import Words
    from cudadoctor.remedies.install.request import Asked
    from cudadoctor.remedies.plan import Plan

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
    "unfinished",
]


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
    from cudadoctor.remedies.install.request import Asked

    return Asked(
        words=words, env=env, toolkit=toolkit, driver=driver, conda=conda, as_published=as_published,
        local_repo=local_repo, conda_installer=conda_installer, channels=channels, index_url=index_url,
        find_links=find_links, shell_lines=shell_lines, smoke=smoke,
    )  # fmt: skip


def differences(plan: Plan) -> dict[str, tuple[str, ...]]:
    """By step id: what each file that the plan writes would change by, as a unified diff. Only looks.

    A file that cannot be read is left out.
    """
    from cudadoctor.executor.files.target import Refused, look
    from cudadoctor.remedies.plan import WriteFile
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


def plan_install(
    host: Host, asked: Asked, *, timeout: float = 60.0, progress: Callable[[str], None] | None = None
) -> Plan:
    """What leads from this machine's state to a working torch. Nothing is changed.

    Raises CudaDoctorError for a malformed value, or a file that was named and is not there.
    """
    from cudadoctor.api import install as api_install

    return api_install.plan_install(host, asked, timeout=timeout, progress=progress)


def plan_fix(
    host: Host | None,
    named: Sequence[str] = (),
    *,
    pasted: bytes | None = None,
    timeout: float = 60.0,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """What cures the root causes that `check` finds on the host, or what is named of them: codes, names, prefixes.

    With `pasted`, of the text that somebody pasted: such a plan is for another machine, and is never applied.
    Raises CudaDoctorError for a word that names no check, before the machine is asked.
    """
    from cudadoctor.api import fix as api_fix

    return api_fix.plan_fix(host, named, pasted=pasted, timeout=timeout, progress=progress)


def holds(plan: Plan, *, host: Host | None = None) -> dict[str, bool | None]:
    """Per step id whether it is done already on this machine; None: not known, or it is always run. Only looks."""
    from cudadoctor.api import examine as api
    from cudadoctor.executor.doing import conditions

    return conditions.look_at(plan, _machine(host or api.local_host()))


def apply_plan(host: Host, plan: Plan, *, named: Sequence[str] = (), watcher: Watcher | None = None) -> Applied:
    """Do what is not done yet, with a journal. `named`: findings or step ids that the user named.

    Raises CudaDoctorError where the plan was not begun, with every objection (`preflight.Objected.objections` has a
    line for each); nothing was changed then. What fails later is in the answer.
    """
    from cudadoctor.executor.run import plan_run

    return plan_run.apply(_machine(host), plan, named=named, watcher=watcher)


def unfinished(host: Host) -> Unfinished | None:
    """The newest run that did not come to its end, which `resume` goes on with; None where none is known."""
    from cudadoctor.executor.run import unfinished as runs

    try:
        machine = _machine(host)
    except CudaDoctorError:
        return None
    return runs.look(machine)


def resume(host: Host, *, watcher: Watcher | None = None) -> Applied:
    """Go on with the newest run that did not come to its end. Raises CudaDoctorError, where there is none too."""
    from cudadoctor.executor.run import plan_run

    return plan_run.resume(_machine(host), watcher=watcher)


def undo(host: Host, journal: str | None = None, *, watcher: Watcher | None = None) -> TakenBack:
    """Take the newest thing back, a change of rc files or a run of a plan; or the run of that folder or name.

    Raises CudaDoctorError where nothing was begun.
    """
    from cudadoctor.executor.run import plan_undo
    from cudadoctor.shells import block

    return plan_undo.undo(_machine(host), journal, watcher=watcher, without=block.take)


def next_to_undo(host: Host, journal: str | None = None) -> Plan | None:
    """The plan whose run `undo` would take back, with the steps that there are to take back.

    None where that is a change of rc files, or nothing.
    """
    from cudadoctor.executor.run import plan_undo

    return plan_undo.next_plan(_machine(host), journal)


def _machine(host: Host) -> Machine:
    """Where plans are carried out: always this machine, for whoever the host's environment says."""
    import os

    from cudadoctor.executor.files.journal import directory
    from cudadoctor.executor.system.machine import Machine
    from cudadoctor.probes.quiet import Quiet

    home = Quiet(host).home
    if home is None or not home.startswith("/"):
        raise CudaDoctorError("the home directory is not known: HOME is not set to an absolute path")
    return Machine(env=dict(host.env), home=home, uid=os.geteuid(), state=directory(host.env, home))
