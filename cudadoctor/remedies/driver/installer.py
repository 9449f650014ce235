"""The steps for a driver from start to end: packages, the key for Secure Boot, the reboot, the fabric manager."""

from __future__ import annotations

import shlex
from typing import Literal

from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver import choice as choosing
from cudadoctor.remedies.driver import packages
from cudadoctor.remedies.driver.choice import Choice
from cudadoctor.remedies.driver.need import Need
from cudadoctor.remedies.driver.packages import RUNS
from cudadoctor.remedies.plan import Condition, PlanStep, Prints, Run
from cudadoctor.remedies.step_parts import Part, rooted, tell

Reason = Literal["missing", "old", "asked", "wrong", "damaged"]
"""missing: no driver runs. old: it is too old. asked: for the sake of it. wrong: its branch or kernel module does not
fit the GPU. damaged: files of it were replaced or removed."""
_WHY: dict[Reason, str] = {
    "missing": "no NVIDIA driver runs here, and without one CUDA programs cannot use the GPU",
    "old": "the driver here is too old",
    "asked": "asked for with --driver",
    "wrong": "the driver here does not fit the GPU",
    "damaged": "the driver here is a mixture of two, or files of it are damaged",
}


def steps(facts: Facts, need: Need, reason: Reason, cache: str) -> Part:
    """The steps to a driver that does what is needed, or why there is none."""
    part = Part()
    if need.conflict is not None:
        text = f"{need.conflict}. Take one of them out, or leave it without a driver."
        part.steps.append(tell("driver-choose", "choose which GPU is to work", text))
        return part
    chosen = choosing.choose(facts, need)
    made: list[PlanStep] = []
    if chosen is not None:
        work = packages.Work(choice=chosen, facts=facts, need=need, why=_WHY[reason], cache=cache)
        made = packages.steps(work, again=reason == "damaged")
    if chosen is None or not made:
        none = choosing.why_none(facts, need)
        if none is not None:
            part.impossible.append(none)
        part.steps.append(_by_hand(facts, need, reason, none))
        return part
    part.steps += made
    if made[-1].manual:
        return _noted(part, facts, need, chosen)
    done = _running(chosen, need, reason)
    part.steps += _secure_boot(facts, chosen, part.last, done)
    part.steps.append(
        tell(
            "driver-reboot", "reboot", "Reboot the machine.", why="the new kernel module is loaded at the start",
            needs=part.last, reboot=True, done_when=done, needs_root=True,
        )
    )  # fmt: skip
    part.steps += _fabric_manager(chosen, need)
    part.steps = _without_run_file(facts, part.steps)
    if reason != "missing":
        lasting = "the driver that was there before is replaced, and not put back"
        part.steps = [replace(one, lasting=lasting) if one.id == "driver-install" else one for one in part.steps]
    return _noted(part, facts, need, chosen)


def _by_hand(facts: Facts, need: Need, reason: Reason, none: str | None) -> PlanStep:
    """Words for a release that is in no table, or that has nothing for this machine."""
    release = choosing.release_of(facts)
    last = need.last_branch
    which = f"of branch {last}, the last for this GPU," if last is not None else "for this GPU"
    way = "with your distribution's package manager, or choose it at https://www.nvidia.com/drivers"
    if none is not None and release is not None:
        newer = f"Upgrade to a newer release of {release.name.rstrip('0123456789. ')}, or install"
        text = f"{none}. {newer} NVIDIA's .run file {which} from https://www.nvidia.com/drivers."
    elif need.unknown:
        text = f"Which driver the GPU needs is not known here. Install it {way}."
    else:
        kind = ", with the open kernel module" if need.open_only is not None else ""
        text = f"Install the NVIDIA driver {which} {way}{kind}."
    return tell("driver-by-hand", "install the NVIDIA driver", text, why=_WHY[reason], done_when=RUNS, reboot=True)


def _running(chosen: Choice, need: Need, reason: Reason) -> Condition | None:
    """How to see that the new driver runs; where one ran before, by its branch, as far as that is held."""
    if reason == "missing":
        return RUNS
    way = chosen.way
    if way.driver is None or not packages.holds_branch(chosen) or reason == "damaged" or need.newer_than == way.driver:
        return None
    return Prints(argv=("grep", "-q", f"^{way.driver.branch}[.]", "/sys/module/nvidia/version"))


def _secure_boot(facts: Facts, chosen: Choice, needs: tuple[str, ...], done: Condition | None) -> list[PlanStep]:
    """The key that Secure Boot asks for, where the module is not signed with one that the machine trusts."""
    if facts.os is None or not facts.os.secure_boot or chosen.way.module in ("signed", "unchecked"):
        return []
    if chosen.way.by == "ubuntu-drivers" or packages.prebuilt(chosen, facts) is not None:
        return []  # Ubuntu's own signature
    screen = (
        "At the next start choose Enroll MOK, Continue, Yes on the blue screen, and give that password; the screen "
        "appears once. Without access to that screen: switch Secure Boot off in the firmware."
    )
    if chosen.way.module == "kmp":
        text = f"The package queues its key for the next start, with root's password. {screen}"
    else:
        key = chosen.release.signing_key or "the key that signs the module"
        text = f"As root: `mokutil --import {key}` asks for a password and queues the key. {screen}"
    return [
        tell(
            "driver-secure-boot", "enrol the key of the kernel module", text,
            why="Secure Boot is on: the kernel loads no module whose key it does not know", needs=needs, done_when=done,
        )
    ]  # fmt: skip


def _fabric_manager(chosen: Choice, need: Need) -> list[PlanStep]:
    """Started after the reboot: until it has set the NVSwitches up, CUDA says "system not yet initialized" (802)."""
    if not need.fabric:
        return []
    unit = "nvidia-fabricmanager.service"
    why = "there are NVSwitches here: without the fabric manager no program can use CUDA (error 802)"
    return [
        PlanStep(
            id="driver-fabric", title="start the fabric manager", why=why,
            action=rooted(("systemctl", "enable", "--now", unit), why), needs=("driver-reboot",),
            done_when=Prints(argv=("systemctl", "is-active", "--quiet", unit)),
            undo=(rooted(("systemctl", "disable", "--now", unit), "as before"),),
            source=chosen.release.sources.get("fabric"),
        )
    ]  # fmt: skip


def _without_run_file(facts: Facts, found: list[PlanStep]) -> list[PlanStep]:
    """First out with what NVIDIA's .run installer put there."""
    path = facts.distro.runfile if facts.distro is not None else None
    if path is None:
        return found
    first = tell(
        "driver-run-file", "take the driver of the .run file out",
        f"As root: `{shlex.quote(path)}` removes what NVIDIA's .run installer once put here.",
        why="packages installed over its files leave a mixture of two drivers, in which nothing works",
        done_when=Prints(argv=("test", "!", "-e", path)),
    )  # fmt: skip
    return [first, *(replace(one, needs=(*one.needs, first.id)) for one in found)]


def _noted(part: Part, facts: Facts, need: Need, chosen: Choice) -> Part:
    last = need.last_branch
    if last is not None:
        part.notes.append(f"driver branch {last} is the last for this GPU: do not let it be upgraded beyond")
    if facts.driver is not None and "nouveau" in facts.driver.other_modules:
        part.notes.append("nouveau holds the GPU until the reboot: the driver's packages keep it away after that")
    if need.nvlink5 and _series(facts) is not None and (_series(facts) or (0, 0)) < (5, 17):
        part.notes.append("the NVSwitches of this board need kernel 5.17 or newer: upgrade the kernel first")
    if chosen.way.unverified is not None:
        part.notes.append(f"not confirmed for {chosen.release.name}: {chosen.way.unverified}")
    return part


def _series(facts: Facts) -> tuple[int, int] | None:
    parts = ((facts.os.kernel or "") if facts.os is not None else "").split(".")[:2]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(one.isdecimal() for one in parts) else None


def commands(part: Part) -> tuple[tuple[str, ...], ...]:
    """The programs that the steps run, in order: what two plans are compared by."""
    return tuple(one.action.argv for one in part.steps if isinstance(one.action, Run))
