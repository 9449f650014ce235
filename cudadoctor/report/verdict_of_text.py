"""The verdict on a pasted text: what it tells, and where that is too little, what to ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cudadoctor.checks.engine import causes
from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding, Outcomes
from cudadoctor.checks.rates import questions, states
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import Remedy
from cudadoctor.report import suspects, verdict
from cudadoctor.report.model import Ask, Status, Suspect
from cudadoctor.report.suspects import Weighed

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

ASIDE: tuple[Cause, ...] = ("ld-path-empty-element", "path-duplicates", "writable-library-directory")
"""Findings about a machine that are worth mending and are not why a program fails: never the cause of a text."""
BACKGROUND = frozenset({
    "cuda-told", "nccl-used", "pip-torch-index", "cuda-build-asked", "torch-asks-numpy", "gpu-capability",
    "device-file-mode", "python-found-at", "pip-found-at",
    "after-suspend", "container-named", "container-prompt", "cuda-lost-after-sleep", "dkms-nvidia",
    "dkms-nvidia-listed", "dkms-other", "docker-desktop-named", "driver-capabilities-asked", "gpu-lost-after-sleep",
    "mig-named", "nvidia-driver-named", "selinux-off", "smi-answered", "smi-works-said", "systemd-reloaded",
    "windows-build", "wsl-driver-package", "wsl-named",
    # circumstances
    "field-named", "error-line", "pod-named", "container-contained", "after-kernel-update", "after-driver-update",
    "after-reboot", "worked-before", "laptop-named", "aarch64-named", "jetson-named", "vgpu-named", "nvswitch-named",
    "several-gpus-named", "library-path-named", "visible-devices-named", "fork-named", "build-isolation-shown",
    "pip-replaced-torch", "nccl-p2p-disable-does-not-help", "device-plugin-named", "open-only-gpu-named",
})  # fmt: skip
"""Messages and words that only go with others: none of them is what went wrong."""
OF_THE_FIELD = frozenset({
    "field-named", "nvidia-driver-named", "cuda-told", "nccl-used", "pip-torch-index", "cuda-build-asked",
    "gpu-capability", "dkms-nvidia", "dkms-nvidia-listed", "smi-works-said", "smi-answered", "mig-named", "vgpu-named",
})  # fmt: skip
"""Those of them that are about GPUs, CUDA or torch."""
COLLECT_ENV = "python -m torch.utils.collect_env"


def status(facts: Facts, outcomes: Outcomes) -> Status:
    """One word. A text never shows the whole machine, so it is never called healthy."""
    worst = max((finding.severity for finding in outcomes.findings), default=Severity.INFO)
    if worst is Severity.ERROR:
        return "broken"
    if facts.gpus == ():
        return "no-gpu"
    return "warnings" if worst is Severity.WARNING else "unknown"


def weighed(
    facts: Facts, outcomes: Outcomes, chosen: Collection[str]
) -> tuple[Outcomes, tuple[Suspect, ...], Ask | None]:
    """The outcomes with the cause that stands out where no check decided one, what else it could be, what to ask."""
    findings = tuple(one for one in outcomes.findings if one.name not in ASIDE)
    found = suspects.weigh_text(facts, findings, chosen)
    if found.finding is not None or found.dropped:
        kept = tuple(one for one in outcomes.findings if one.id not in found.dropped)
        first = (found.finding,) if found.finding is not None else ()
        outcomes = replace(outcomes, findings=_folded(causes.link((*first, *kept)), found))
    if found.ask is not None or roots(causes.roots(outcomes.findings)):
        return outcomes, found.suspects, found.ask
    return outcomes, found.suspects, general_question(facts)


def _folded(findings: tuple[Finding, ...], found: Weighed) -> tuple[Finding, ...]:
    """What leaves the cause open follows from the cause that stands out."""
    if found.finding is None:
        return findings
    cause = found.finding.id
    folded = [
        replace(one, because_of=(cause,)) if one.id in found.follow and not one.because_of else one for one in findings
    ]
    return tuple(sorted(folded, key=lambda one: (bool(one.because_of), one.id != cause)))


def roots(names: tuple[str, ...]) -> tuple[str, ...]:
    """The root causes without mere signs: where a text shows no more than these, its cause is not known."""
    return tuple(name for name in names if name not in suspects.MERE_SIGNS and name not in ASIDE)


def of_the_field(facts: Facts) -> bool:
    """The text has a fact or a word about a GPU, its driver, CUDA or torch."""
    parts = (facts.pci, facts.driver, facts.smi, facts.libcuda, facts.nodes, facts.gpus, facts.toolkit, facts.kernel)
    env = verdict.active_env(facts)
    with_torch = env is not None and (env.torch is not None or bool(env.packages))
    named = facts.shell is not None and any(name.startswith("CUDA") for name in facts.shell.variables)
    return (
        any(part is not None for part in parts)
        or with_torch
        or named
        or any(one.kind in OF_THE_FIELD or one.kind not in BACKGROUND for one in facts.symptoms or ())
    )


def works(facts: Facts) -> bool:
    """The text shows that something works: nvidia-smi lists GPUs, or torch finds one."""
    env = verdict.active_env(facts)
    torch = env.torch if env is not None else None
    finds = torch.live.is_available if torch is not None else None
    lists = facts.smi is not None and facts.smi.outcome == "ok" and bool(facts.smi.gpus)
    return finds is not False and (lists or bool(finds))


def sentence(
    facts: Facts,
    outcomes: Outcomes,
    remedies: Mapping[str, Remedy],
    ask: Ask | None,
    others: tuple[Suspect, ...],
) -> str:
    """The first line of the report."""
    first = verdict.leading(tuple(one for one in outcomes.findings if one.name not in ASIDE))
    more = f" Ask for the output of `{ask.command}`: {ask.why}." if ask is not None else ""
    could_be = f" It could be {verdict.listed([one.name for one in others], joined='or')}." if others else ""
    if first is not None and first.severity > Severity.INFO:
        if first.name in suspects.MERE_SIGNS and ask is not None:
            return f"{verdict.full(first.message)} The text does not say why.{could_be}{more}"
        return verdict.cause_and_cure(first, remedies)
    if status(facts, outcomes) == "no-gpu":
        return "According to this text the machine has no NVIDIA GPU; nothing is wrong with it."
    if not of_the_field(facts):
        return (
            "This text mentions no GPU, driver, CUDA or torch: nothing to diagnose. "
            f"Paste the output of `{COLLECT_ENV}`."
        )
    symptoms = facts.symptoms or ()
    message = next((one for one in symptoms if one.kind not in BACKGROUND), None)
    if message is not None:
        return f"The text does not decide the cause: {message.says}.{could_be}{more}"
    error = next((one for one in symptoms if one.kind == "error-line"), None)
    if error is not None:
        return f"The text reports an error that is not known here ({error.seen.where}).{could_be}{more}"
    if not works(facts):
        return f"This text shows neither a known error nor that the GPU works.{could_be}{more}"
    return f"Nothing in this text shows a fault.{more}"


def general_question(facts: Facts) -> Ask | None:
    """What to ask for where no known sign is in the text; None where it is about something else."""
    if not of_the_field(facts) or facts.gpus == ():
        return None
    present = states.present(facts)
    import_fails = bool(present.intersection(questions.TORCH_DOES_NOT_START))
    smi = facts.smi is not None or (facts.driver is not None and facts.driver.version is not None)
    if "build-shown" not in present and not import_fails and ({"field-named"} & present):
        return Ask(command=COLLECT_ENV, why="it tells the build of torch, the GPU and the driver in one go")
    if not smi:
        return Ask(command="nvidia-smi", why="it tells the GPU, the driver, and whether they answer")
    return Ask(command="cudadoctor check", why="run on that machine it examines what a text does not show")
