"""The driver's part of an install plan: whether one must be installed, and for what."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Request
from cudadoctor.remedies.driver import choice, installer
from cudadoctor.remedies.driver import need as needs
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.driver.packages import RUNS
from cudadoctor.remedies.plan import Tell
from cudadoctor.remedies.step_parts import Part, for_administrator, tell
from cudadoctor.versions import CudaVersion, DriverVersion

State = Literal["fine", "missing", "broken", "old", "asked", "no-gpu", "unknown"]


def runs(facts: Facts) -> bool:
    """A driver runs here. libcuda tells its CUDA without a module, too: that alone is no driver that runs."""
    here = facts.driver
    return here is not None and here.loaded is not False and bool(here.version or here.cuda_version)


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
    if runs(facts):
        return "old" if newer else "fine"
    installed = facts.driver is not None and (facts.driver.installed or facts.driver.loaded)
    return "broken" if installed and not newer else "missing"


def coming(facts: Facts, request: Request) -> tuple[DriverVersion, ...]:
    """The drivers that the machine can get for the GPUs, in the order in which they are to be tried."""
    if elsewhere(facts) is not None or request.gpus is None or not request.gpus.value:
        return ()
    return choice.newest(facts, needs.of(facts, request.gpus.value))


def steps(facts: Facts, request: Request, how: State, cuda: CudaVersion | None, cache: str) -> Part:
    """The steps for a driver that the chosen build runs on; none where none is needed."""
    part = Part()
    if how == "broken":
        part.notes.append(
            "a driver is installed here and does not run: `cudadoctor check` says why, and --driver installs it anew"
        )
    if how not in ("missing", "old", "asked"):
        return part
    there = elsewhere(facts)
    if there is not None:
        text = " ".join(one.text for one in there.actions if isinstance(one, Tell))
        part.steps.append(tell("driver-elsewhere", there.summary, text, why=there.summary,
                               done_when=RUNS if how == "missing" else None))  # fmt: skip
        return part
    gpus = request.gpus.value if request.gpus is not None else ()
    reason: installer.Reason = "missing" if how == "asked" and not runs(facts) else how
    here = facts.driver.version if facts.driver is not None else None
    wanted = needs.of(facts, gpus, cuda=cuda, newer_than=here if runs(facts) else None)
    if how == "asked" and choice.choose(facts, wanted) is None:
        wanted = replace(wanted, newer_than=None)  # there is none that is newer: the same once more
    part.add(installer.steps(facts, wanted, reason, cache))
    return for_administrator(part, facts, "driver-ask", "ask for the driver")
