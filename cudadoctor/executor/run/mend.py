"""dpkg's database after a try that was broken off: what that try left half done is ours to mend, and no objection."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from cudadoctor.executor.doing import packages
from cudadoctor.executor.doing.kept import Before
from cudadoctor.executor.run.plan_journal import History
from cudadoctor.executor.run.plan_step import Bench, Failed, run
from cudadoctor.remedies.plan import Plan, PlanStep, Run

_WHY = "a try was broken off while dpkg was at work"


def ours(plan: Plan, history: History) -> bool:
    """Whether a step that runs dpkg or apt began and did not end: nothing was broken before the run."""
    found = ((plan.step(name), record) for name, record in history.steps.items())
    return any(
        step is not None and uses_dpkg(step) and record.before is not None and not record.outcome and not record.undone
        for step, record in found
    )


def uses_dpkg(step: PlanStep) -> bool:
    """It changes dpkg's database."""
    return isinstance(step.action, Run) and step.needs_root and packages.family_of(step.action.argv) == "dpkg"


def go_on(step: PlanStep, was: Before, bench: Bench) -> None:
    """Before a second try: finish what was unpacked; what was not is taken out, as apt would pass it over.

    A package that was there before is left as it is. `dpkg -i` unpacks its own anew.
    """
    if not uses_dpkg(step):
        return
    _run(("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "-a"), step, bench)
    if was.packages is not None:
        there = was.packages
        _purge([name for name in packages.half_installed(bench.machine) if name not in there], step, bench)


def take_out(step: PlanStep, was: Before, bench: Bench) -> None:
    """Before a step is taken back: the same, and the package of a `dpkg -i` is taken out too."""
    if not uses_dpkg(step):
        return
    go_on(step, was, bench)
    if was.packages is None and step.undo:
        _purge(packages.half_installed(bench.machine), step, bench)


def _purge(names: Sequence[str], step: PlanStep, bench: Bench) -> None:
    if names:
        _run(("dpkg", "--purge", "--force-remove-reinstreq", "--", *names), step, bench)


def _run(argv: tuple[str, ...], step: PlanStep, bench: Bench) -> None:
    """Best effort: what is still wrong after it stops the step itself, which says so."""
    action = Run(argv=argv, why=_WHY, safety="system", needs_root=True)
    with contextlib.suppress(Failed):
        run(action, f"mend {step.id}", bench)
