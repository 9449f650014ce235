"""Small pieces that all parts of the planner put their steps together with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from cudadoctor.compat.source import Source
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine, who
from cudadoctor.remedies.plan import QUIET, AllOf, Condition, Fetch, PlanStep, Prints, Run, Tell

APT = (*QUIET, "apt-get")


class Part(Struct, kw_only=True):
    """Steps of one kind, and what to know about them."""

    steps: list[PlanStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)

    def add(self, other: Part) -> None:
        """Another part behind this one."""
        self.steps += other.steps
        self.notes += other.notes
        self.impossible += other.impossible

    @property
    def last(self) -> tuple[str, ...]:
        """What a step needs that comes behind all of these."""
        return (self.steps[-1].id,) if self.steps else ()


def dpkg_has(*packages: str) -> Condition:
    """All of them are installed."""
    found = tuple(
        Prints(argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", name), text="installed") for name in packages
    )
    return found[0] if len(found) == 1 else AllOf(conditions=found)


def rpm_has(*packages: str) -> Condition:
    """All of them are installed."""
    return Prints(argv=("rpm", "-q", "--quiet", *packages))


def tell(step: str, title: str, text: str, *, why: str = "", needs_root: bool = False, **more: object) -> PlanStep:
    """Something that a person does."""
    return PlanStep(id=step, title=title, why=why or text, action=Tell(text=text, needs_root=needs_root), **more)  # type: ignore[arg-type]


def rooted(argv: Sequence[str], why: str) -> Run:
    """A program of root's; without sudo."""
    return Run(argv=tuple(argv), why=why, safety="system", needs_root=True)


def mine(argv: Sequence[str], why: str) -> Run:
    """A program of the user's own."""
    return Run(argv=tuple(argv), why=why, safety="safe")


def apt_install(step: str, title: str, packages: Sequence[str], why: str, **more: object) -> PlanStep:
    """Packages by apt-get; what they pull in is written down by the executor."""
    recommends = more.pop("recommends", True)
    flags = () if recommends else ("--no-install-recommends",)
    values: dict[str, object] = {
        "done_when": dpkg_has(*packages), "network": ("apt",), "disk_at": "/usr", "packages": True, **more,
    }  # fmt: skip
    action = rooted((*APT, "install", "-y", *flags, *packages), why)
    return PlanStep(id=step, title=title, why=why, action=action, **values)  # type: ignore[arg-type]


def apt_update(step: str, needs: Iterable[str], done_when: Condition | None, why: str) -> PlanStep:
    """The lists anew: not again once what they are read for is there."""
    return PlanStep(
        id=step,
        title="read apt's package lists",
        why=why,
        action=rooted(("apt-get", "update"), why),
        needs=tuple(needs),
        network=("apt",),
        done_when=done_when,
        lasting="apt's package lists stay as they were read",
    )


def lists_once(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """The same steps, where apt's lists are not read twice with nothing between that changes apt's sources."""
    kept: list[PlanStep] = []
    instead: dict[str, str] = {}
    last: int | None = None
    for step in steps:
        if last is not None and isinstance(step.action, Run) and step.action.argv == ("apt-get", "update"):
            instead[step.id] = kept[last].id
            kept[last] = replace(kept[last], done_when=_both(kept[last].done_when, step.done_when))
            continue
        needs = tuple(dict.fromkeys(instead.get(need, need) for need in step.needs))
        kept.append(replace(step, needs=needs))
        if isinstance(step.action, Run) and step.action.argv == ("apt-get", "update"):
            last = len(kept) - 1
        elif step.needs_root and not step.packages and not step.manual:
            last = None  # it may have brought a source
    return tuple(kept)


def _both(one: Condition | None, other: Condition | None) -> Condition | None:
    if one == other:
        return one
    return None if one is None or other is None else AllOf(conditions=(one, other))


def may_be_root(facts: Facts) -> bool:
    """Whoever reads the plan can do root's steps; also where that is not known."""
    return who.reader(facts) in ("root", "sudo", "unknown")


def for_administrator(part: Part, facts: Facts, step: str, title: str) -> Part:
    """Root's steps as one message to whoever has root, where this user has not; the others stay."""
    if may_be_root(facts) or not any(one.needs_root for one in part.steps):
        return part
    theirs = [one for one in part.steps if one.needs_root or _only_for_root(one, part)]
    words = " ".join(_words(one) for one in theirs)
    conditions = [one.done_when for one in theirs if one.done_when is not None]
    unique = tuple(dict.fromkeys(conditions))
    gone = {one.id for one in theirs}
    message = PlanStep(
        id=step,
        title=title,
        why="this needs root, which you have not got here",
        action=Tell(text=f"{who.asking(who.reader(facts))} {words}"),
        done_when=None if not unique else unique[0] if len(unique) == 1 else AllOf(conditions=unique),
        reboot=any(one.reboot for one in theirs),
    )
    kept: list[PlanStep] = []
    placed = False
    for one in part.steps:
        if one.id not in gone:
            kept.append(replace(one, needs=_moved(one.needs, gone, step)))
        elif not placed:
            placed = True
            kept.append(message)
    return Part(steps=kept, notes=part.notes, impossible=part.impossible)


def _only_for_root(step: PlanStep, part: Part) -> bool:
    """A download that only root's steps use."""
    users = [one for one in part.steps if step.id in one.needs]
    return isinstance(step.action, Fetch) and bool(users) and all(one.needs_root for one in users)


def _moved(needs: tuple[str, ...], gone: set[str], step: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step if one in gone else one for one in needs))


def _words(step: PlanStep) -> str:
    action = step.action
    if isinstance(action, Run):
        import shlex

        return f"`{shlex.join(action.argv)}` ({step.title})."
    if isinstance(action, Tell):
        return action.text
    if isinstance(action, Fetch):
        return f"Download {action.url} to {action.path}."
    return f"{step.title}: {action.path}."


def apt_family(facts: Facts) -> bool:
    """Debian and what comes from it: dpkg and apt are here."""
    return machine.family(facts) in ("ubuntu", "debian")


NVIDIA_GUIDE = Source(
    title="NVIDIA Driver Installation Guide: kernel modules",
    url="https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/620/kernel-modules.html",
    read_on="2026-11-30",
)
CUDA_GUIDE = Source(
    title="CUDA Installation Guide for Linux",
    url="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    read_on="2026-11-23",
)
