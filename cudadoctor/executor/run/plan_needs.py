"""Which steps of a plan are to be done now: what holds, what is only shown, and what waits for a reboot or a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cudadoctor.executor.doing import conditions
from cudadoctor.executor.run.plan_journal import History
from cudadoctor.executor.system.machine import Machine
from cudadoctor.remedies.plan import Plan, PlanStep


class Course:
    """A plan on its way. Asked for each step in turn, and told what came of it."""

    def __init__(
        self,
        plan: Plan,
        looked: Mapping[str, bool | None],
        named: Sequence[str],
        history: History,
        machine: Machine,
    ) -> None:
        self.plan, self.history, self.machine = plan, history, machine
        self._looked = looked
        self._named = tuple(named)
        self._open: dict[str, str] = {}
        """Steps that are not done, and why: what needs them waits."""
        self._rebooting = self._still_to_reboot()

    def _still_to_reboot(self) -> set[str]:
        """Steps of this start of the machine that count only after the next."""
        if not self.history.boot or self.history.boot != self.machine.boot():
            return set()
        return {step.id for step in self.plan.steps if step.reboot and step.id in self.history.done()}

    def _asked_for(self, step: PlanStep) -> bool:
        """Safe enough, or named by its id. `fix CODES` plans what was named as safe enough."""
        return step.id in self._named or not step.by_name

    def is_shown(self, step: PlanStep) -> bool:
        """Whatever comes before it, it is not done by us."""
        return self._looked[step.id] is not True and (step.manual or not self._asked_for(step))

    def todo(self) -> tuple[PlanStep, ...]:
        """What is to be done now, as far as can be seen from here: what waits is not in it."""
        found: list[PlanStep] = []
        left = dict.fromkeys((step.id for step in self.plan.steps if self._by_person(step) or self._barred(step)), "")
        rebooting = set(self._rebooting)
        for step in self.plan.steps:
            if self._looked[step.id] is True or step.id in left:
                continue
            if any(need in left or need in rebooting for need in step.needs):
                left[step.id] = ""
                continue
            found.append(step)
            if step.reboot:
                rebooting.add(step.id)
        return tuple(found)

    def _barred(self, step: PlanStep) -> bool:
        return self.is_shown(step) and not step.manual

    def _by_person(self, step: PlanStep) -> bool:
        """A person has to do it first, and nothing says that it is done.

        One that cannot be looked at counts as done when the run is gone on with: that is what the person says by it.
        """
        if not step.manual or self._looked[step.id] is True:
            return False
        told = step.id in self.history.shown and not conditions.knows(step)
        after_reboot = any(need in self._rebooting for need in self._all_needs(step))
        return not told or after_reboot

    def _all_needs(self, step: PlanStep) -> set[str]:
        found: set[str] = set()
        open_ones = list(step.needs)
        while open_ones:
            one = open_ones.pop()
            if one not in found:
                found.add(one)
                needed = self.plan.step(one)
                open_ones += needed.needs if needed is not None else ()
        return found

    def nothing_to_do(self) -> bool:
        """All that can be looked at is done. A test and an update of lists alone are nothing to do."""
        ours = [step for step in self.plan.steps if not self.is_shown(step)]
        judged = [step for step in ours if conditions.knows(step)]
        if not judged:
            return not [step for step in ours if self._looked[step.id] is not True]
        return all(self._looked[step.id] is True for step in judged)

    def holds(self, step: PlanStep) -> bool:
        """It is done already: as was seen at first, or as an earlier step made it."""
        return self._looked[step.id] is True or conditions.done(step, self.machine) is True

    def why_shown(self, step: PlanStep) -> str | None:
        """Why it is not done by us now; None: it is."""
        if self._looked[step.id] is True:
            return None
        reason = None
        for need in step.needs:
            if need in self._rebooting and not step.manual:
                reason = "waits for a reboot"
            elif need in self._open and not step.manual:
                reason = f"waits for {need}"
        if self._by_person(step):
            reason = "for you to do"
        elif step.manual:
            return "for you to do"
        elif not self._asked_for(step):
            reason = "not done unless you name it"
        if reason is not None:
            self._open[step.id] = reason
        return reason

    def came_to(self, step: PlanStep, outcome: str) -> None:
        """A step was done: one that counts only after a reboot lets others wait."""
        if outcome == "done" and step.reboot:
            self._rebooting.add(step.id)

    def waiting(self) -> tuple[str, ...]:
        """Ids of the steps that `--resume` will do when a person has done theirs."""
        return tuple(name for name, reason in self._open.items() if reason.startswith("waits") and self._leads(name))

    def _leads(self, name: str) -> bool:
        """It waits for a person or a reboot, and not only for a step that was not named."""
        step = self.plan.step(name)
        needs = self._all_needs(step) if step is not None else set()
        barred = [need for need in needs if self._open.get(need, "").startswith("not done")]
        return not barred

    def next_line(self) -> str | None:
        """What to do next, where something waits."""
        waiting = self.waiting()
        if not waiting:
            return None
        what = "reboot" if self._rebooting else "do what is shown"
        those = f"the {len(waiting)} steps that wait" if len(waiting) > 1 else "the step that waits"
        return f"{what}, then `cudadoctor {self.plan.purpose.command} --resume` does {those}"
