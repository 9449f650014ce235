"""The driver: whether one must be installed, which branch and kernel module, and how this distribution gets it."""

from __future__ import annotations

import shlex

from msgspec.structs import replace

from cudadoctor.compat import drivers
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Request
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures import install_driver
from cudadoctor.remedies.install.driver_packages import (
    BRANCH,
    DEBIAN,
    OF_UBUNTU,
    RUNS,
    Kind,
    State,
    from_nvidia,
    install,
)
from cudadoctor.remedies.plan import Condition, PlanStep, Prints, Run
from cudadoctor.remedies.step_parts import Part, for_administrator, rooted, tell
from cudadoctor.versions import DriverVersion


def state(facts: Facts, request: Request, *, newer: bool, asked: bool | None, cuda: bool) -> State:
    """How the machine stands with regard to a driver for the build that was chosen."""
    if request.gpus is not None and not request.gpus.value:
        return "no-gpu"
    if request.gpus is None:
        return "unknown"
    if asked:
        return "asked"
    if facts.gpus == ():
        return "no-gpu"  # one that was named is in another machine
    if not cuda:
        return "fine"  # a CPU build needs none
    here = facts.driver
    # libcuda tells which CUDA it serves without a module, too: that alone is no driver that runs.
    running = here is not None and here.loaded is not False and bool(here.version or here.cuda_version)
    if newer:
        return "old"
    if running:
        return "fine"
    installed = facts.driver is not None and (facts.driver.installed or facts.driver.loaded)
    return "broken" if installed else "missing"


def kind(request: Request) -> Kind:
    """Branch and kernel module for every GPU of the request."""
    gpus = request.gpus.value if request.gpus is not None else ()
    capabilities = [(gpu, one) for gpu in gpus for one in gpu.capabilities]
    last = min((end for _, one in capabilities if (end := drivers.last_driver_for(one)) is not None), default=None)
    needs_open = [gpu for gpu, one in capabilities if drivers.needs_open_module(one, gpu.name)]
    no_open = [gpu for gpu, one in capabilities if not drivers.open_module_possible(one)]
    conflict = None
    if needs_open and no_open:
        conflict = f"{needs_open[0]} needs the open kernel modules, and {no_open[0]} cannot use them"
    branch = min(BRANCH, last) if last is not None else BRANCH
    firsts = [first for _, one in capabilities if (first := drivers.first_driver_for(one)) is not None]
    if conflict is None and any(first.branch > branch for first in firsts):
        conflict = f"no one driver serves all GPUs here: one is served to branch {branch}, another only by newer ones"
    return Kind(branch=branch, open=bool(capabilities) and not no_open and branch >= BRANCH, conflict=conflict)


def to_be(facts: Facts, request: Request) -> DriverVersion | None:
    """The driver that the machine would get, as far as that limits the build: those of Debian and of older Ubuntu."""
    if facts.os is not None and facts.os.id == "ubuntu":
        own = OF_UBUNTU.get(machine.release(facts) or 0)
        return DriverVersion.parse(own) if own is not None else None
    if machine.family(facts) != "debian" or from_nvidia(facts, request):
        return None
    text = DEBIAN.get(machine.release(facts) or 0)
    return DriverVersion.parse(text) if text is not None else None


def steps(facts: Facts, request: Request, how: State, ground_cache: str) -> Part:
    """The steps for a driver; none where none is needed."""
    part = Part()
    if how == "broken":
        part.notes.append(
            "a driver is installed here and does not run: `cudadoctor check` says why, and --driver installs it anew"
        )
    if how not in ("missing", "old", "asked"):
        return part
    there = install_driver.elsewhere(facts)
    if there is not None:
        text = " ".join(one.text for one in there.steps if hasattr(one, "text"))
        part.steps.append(tell("driver-elsewhere", there.summary, text, why=there.summary,
                               done_when=RUNS if how == "missing" else None))  # fmt: skip
        return part
    wanted = kind(request)
    if wanted.conflict is not None:
        text = f"{wanted.conflict}. Take one of them out, or leave it without a driver."
        part.steps.append(tell("driver-choose", "choose which GPU is to work", text))
        return part
    part.steps += install(facts, request, wanted, how, ground_cache)
    if not part.steps or part.steps[-1].manual:
        return _finished(part, facts, wanted)
    done = _running(wanted, how, part)
    part.steps += _secure_boot(facts, part.last, done)
    part.steps.append(_reboot(part.last, done))
    part.steps += _fabric_manager(facts)
    part.steps = _without_run_file(facts, part.steps)
    part = for_administrator(part, facts, "driver-ask", "ask for the driver")
    if how != "missing":
        part.steps = [
            replace(one, lasting="the driver that was there before is replaced, and not put back")
            if one.id == "driver-install"
            else one
            for one in part.steps
        ]
    return _finished(part, facts, wanted)


def _switches(facts: Facts) -> bool:
    return facts.pci is not None and facts.pci.nvswitches > 0


def _fabric_manager(facts: Facts) -> list[PlanStep]:
    """Started after the reboot: until it has set the NVSwitches up, CUDA says "system not yet initialized" (802)."""
    if not _switches(facts):
        return []
    unit = "nvidia-fabricmanager.service"
    why = "there are NVSwitches here: without the fabric manager no program can use CUDA (error 802)"
    return [
        PlanStep(
            id="driver-fabric", title="start the fabric manager", why=why,
            action=rooted(("systemctl", "enable", "--now", unit), why), needs=("driver-reboot",),
            done_when=Prints(argv=("systemctl", "is-active", "--quiet", unit)),
            undo=(rooted(("systemctl", "disable", "--now", unit), "as before"),),
        )
    ]  # fmt: skip


def _without_run_file(facts: Facts, steps: list[PlanStep]) -> list[PlanStep]:
    """What NVIDIA's .run installer put there goes first: packages over its files are two drivers in one place."""
    path = facts.distro.runfile if facts.distro is not None else None
    if path is None:
        return steps
    first = tell(
        "driver-run-file",
        "take the driver of the .run file out",
        f"As root: `{shlex.quote(path)}` removes what NVIDIA's .run installer once put here.",
        why="packages installed over its files leave a mixture of two drivers, in which nothing works",
        done_when=Prints(argv=("test", "!", "-e", path)),
    )
    return [first, *(replace(one, needs=(*one.needs, first.id)) for one in steps)]


def _finished(part: Part, facts: Facts, wanted: Kind) -> Part:
    if wanted.branch == BRANCH and not wanted.open:
        part.notes.append(f"driver branch {BRANCH} is the last for this GPU: do not let it be upgraded beyond")
    argvs = [one.action.argv for one in part.steps if isinstance(one.action, Run)]
    if _switches(facts) and not any(word.startswith("nvidia-fabricmanager-") for argv in argvs for word in argv):
        part.notes.append(
            "there are NVSwitches here: install nvidia-fabricmanager of exactly the driver's version beside it, to the "
            "last number"
        )
    if facts.driver is not None and "nouveau" in facts.driver.other_modules:
        part.notes.append("nouveau holds the GPU until the reboot: the driver's packages keep it away after that")
    return part


_KEYS = {
    "ubuntu": "/var/lib/shim-signed/mok/MOK.der",
    "debian": "/var/lib/dkms/mok.pub",
    "rhel": "/var/lib/dkms/mok.pub",
}


def _secure_boot(facts: Facts, needs: tuple[str, ...], done: Condition | None) -> list[PlanStep]:
    if facts.os is None or not facts.os.secure_boot:
        return []
    key = _KEYS.get(machine.family(facts), "the key that signs the module")
    signed = (
        " Without access to that screen: install the package linux-modules-nvidia of the same branch for this kernel, "
        "which Ubuntu has signed, or switch Secure Boot off in the firmware."
        if machine.family(facts) == "ubuntu"
        else " Without access to that screen: switch Secure Boot off in the firmware."
    )
    text = (
        f"As root: `mokutil --import {key}` asks for a password and queues the key. At the next start choose Enroll "
        f"MOK, Continue, Yes on the blue screen, and give that password; the screen appears once.{signed}"
    )
    return [
        tell(
            "driver-secure-boot",
            "enrol the key of the kernel module",
            text,
            why="Secure Boot is on: the kernel loads no module whose key it does not know",
            needs=needs,
            done_when=done,
        )
    ]


def _reboot(needs: tuple[str, ...], done: Condition | None) -> PlanStep:
    return tell(
        "driver-reboot",
        "reboot",
        "Reboot the machine.",
        why="the new kernel module is loaded at the start",
        needs=needs,
        reboot=True,
        done_when=done,
    )


def _running(wanted: Kind, how: State, part: Part) -> Condition | None:
    """How to see that the new driver runs: where one ran before, by its branch."""
    if how == "missing":
        return RUNS
    pinned = any(f"-{wanted.branch}" in word for one in part.steps if isinstance(one.action, Run) for word in
                 one.action.argv)  # fmt: skip
    path = "/sys/module/nvidia/version"
    return Prints(argv=("grep", "-q", f"^{wanted.branch}[.]", path)) if pinned else None
