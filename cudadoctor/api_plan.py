"""The library's half that carries plans out and takes them back. No printing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.base import Host

if TYPE_CHECKING:
    from cudadoctor.executor.machine import Machine
    from cudadoctor.executor.plan_run import Applied as Applied  # noqa: PLC0414  the command line names them
    from cudadoctor.executor.plan_run import Watcher as Watcher  # noqa: PLC0414
    from cudadoctor.executor.plan_undo import TakenBack as TakenBack  # noqa: PLC0414
    from cudadoctor.remedies.plan import Plan

__all__ = ["apply_plan", "holds", "next_to_undo", "resume", "undo"]


def holds(plan: Plan, *, host: Host | None = None) -> dict[str, bool | None]:
    """Per step id whether it is done already on this machine; None: not known, or it is always run. Only looks."""
    from cudadoctor import api
    from cudadoctor.executor import conditions

    return conditions.look_at(plan, _machine(host or api.local_host()))


def apply_plan(host: Host, plan: Plan, *, named: Sequence[str] = (), watcher: Watcher | None = None) -> Applied:
    """Do what is not done yet, with a journal. `named`: findings or step ids that the user named.

    Raises CudaDoctorError where the plan was not begun, with every objection (`preflight.Objected.objections` has a
    line for each); nothing was changed then. What fails later is in the answer.
    """
    from cudadoctor.executor import plan_run

    return plan_run.apply(_machine(host), plan, named=named, watcher=watcher)


def resume(host: Host, *, watcher: Watcher | None = None) -> Applied:
    """Go on with the newest run that did not come to its end. Raises CudaDoctorError, where there is none too."""
    from cudadoctor.executor import plan_run

    return plan_run.resume(_machine(host), watcher=watcher)


def undo(host: Host, journal: str | None = None, *, watcher: Watcher | None = None) -> TakenBack:
    """Take the newest thing back, a change of rc files or a run of a plan; or the run of that folder or name.

    Raises CudaDoctorError where nothing was begun.
    """
    from cudadoctor.executor import plan_undo
    from cudadoctor.shells import block

    return plan_undo.undo(_machine(host), journal, watcher=watcher, without=block.take)


def next_to_undo(host: Host, journal: str | None = None) -> Plan | None:
    """The plan whose run `undo` would take back, with the steps that there are to take back.

    None where that is a change of rc files, or nothing.
    """
    from cudadoctor.executor import plan_undo

    return plan_undo.next_plan(_machine(host), journal)


def _machine(host: Host) -> Machine:
    """Where plans are carried out: always this machine, for whoever the host's environment says."""
    import os

    from cudadoctor.executor.journal import directory
    from cudadoctor.executor.machine import Machine
    from cudadoctor.probes.quiet import Quiet

    home = Quiet(host).home
    if home is None or not home.startswith("/"):
        raise CudaDoctorError("the home directory is not known: HOME is not set to an absolute path")
    return Machine(env=dict(host.env), home=home, uid=os.geteuid(), state=directory(host.env, home))
