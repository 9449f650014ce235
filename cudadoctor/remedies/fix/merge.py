"""The steps of many cures in one order, equal ones once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.remedies.plan import Fetch, PlanStep, Run, Tell, WriteFile
from cudadoctor.remedies.steps import is_reboot


class Draft(Struct, kw_only=True):
    """A step on its way into the plan."""

    step: PlanStep
    phase: int
    """Lower ones come first."""
    needs: set[int]
    """Places of other drafts."""


def owner(step: PlanStep) -> str:
    """The name of the finding that a step is for: its id is that and a number."""
    return step.id.rpartition("-")[0]


def merged(chains: Sequence[tuple[int, Sequence[PlanStep]]]) -> tuple[PlanStep, ...]:
    """Put chains together: (phase, steps). Ids are of the form NAME-NUMBER.

    Equal steps are one, where no order is broken by it; a reboot comes behind everything of its phase.
    """
    drafts: list[Draft] = []
    places: dict[Hashable, int] = {}
    for phase, steps in chains:
        local: dict[str, int] = {}
        for step in steps:
            key = _key(step)
            needs = {local[one] for one in step.needs if one in local}
            place = places.get(key)
            if place is not None and not any(_reaches(drafts, one, place) for one in needs):
                drafts[place].needs |= needs - {place}
                drafts[place].step = _better(drafts[place].step, step)
            else:
                place = len(drafts)
                drafts.append(Draft(step=step, phase=phase, needs=needs))
                places.setdefault(key, place)
            local[step.id] = place
    return _named(drafts, _ordered(drafts))


def _key(step: PlanStep) -> Hashable:
    action = step.action
    if isinstance(action, Run):
        # with another condition it is another step: a module that is loaded, and one that is loaded anew
        return action.argv, action.needs_root, step.done_when is None
    if isinstance(action, WriteFile):
        return action.path, action.text
    if isinstance(action, Fetch):
        return action.url, action.path
    return (action.text,)


def _better(old: PlanStep, new: PlanStep) -> PlanStep:
    """Two equal steps as one: done unasked where one of them is, and done only when both are."""
    done = old.done_when if old.done_when == new.done_when else None
    return replace(old, by_name=old.by_name and new.by_name, done_when=done)


def _reaches(drafts: Sequence[Draft], start: int, wanted: int) -> bool:
    """Whether `start` comes after `wanted` already, so that `wanted` cannot come after it."""
    todo, seen = [start], {start}
    while todo:
        place = todo.pop()
        if place == wanted:
            return True
        todo += [one for one in drafts[place].needs if one not in seen]
        seen |= drafts[place].needs
    return False


def _ordered(drafts: Sequence[Draft]) -> list[int]:
    """By phase and as they came, what is needed always before."""
    left = set(range(len(drafts)))
    out: list[int] = []
    while left:
        ready = [place for place in left if not drafts[place].needs & left]
        place = min(ready, key=lambda one: (drafts[one].phase, is_reboot(drafts[one].step), one))
        out.append(place)
        left.remove(place)
    return out


def _named(drafts: Sequence[Draft], order: Sequence[int]) -> tuple[PlanStep, ...]:
    """With their final ids, and needs by these."""
    counts: dict[str, int] = {}
    ids: dict[int, str] = {}
    for place in order:
        draft = drafts[place]
        if is_reboot(draft.step):
            ids[place] = "reboot"
            continue
        if draft.step.id in ("new-shell", "smoke"):
            counts[draft.step.id] = counts.get(draft.step.id, 0) + 1
            ids[place] = draft.step.id + (f"-{counts[draft.step.id]}" if counts[draft.step.id] > 1 else "")
            continue
        name = owner(draft.step)
        counts[name] = counts.get(name, 0) + 1
        ids[place] = f"{name}-{counts[name]}"
    out: list[PlanStep] = []
    for place in order:
        draft = drafts[place]
        needs = tuple(ids[one] for one in order if one in draft.needs)
        out.append(replace(draft.step, id=ids[place], needs=needs))
    return tuple(out)


def barred(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """What comes behind a step that is done only by name is done only by name, too; words are shown in any case."""
    asked: set[str] = set()
    out: list[PlanStep] = []
    for step in steps:
        one = step
        if not isinstance(step.action, Tell) and (step.by_name or any(need in asked for need in step.needs)):
            one = replace(step, by_name=True)
            asked.add(step.id)
        out.append(one)
    return tuple(out)
