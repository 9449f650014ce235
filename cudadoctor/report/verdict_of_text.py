"""The verdict on a pasted text: what it tells, and where that is too little, what to ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Outcomes
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import Remedy
from cudadoctor.report import verdict
from cudadoctor.report.model import Ask, Status

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

SIGNS: tuple[Cause, ...] = (
    "cuda-driver-init-fails",
    "nvidia-smi-fails",
    "torch-cuda-unavailable",
    "torch-import-fails",
)
"""Findings that say that something fails, never why: on a live machine they stand for what could not be found out, of a
text they are what it says anyway."""
ASIDE: tuple[Cause, ...] = ("ld-path-empty-element", "path-duplicates", "writable-library-directory")
"""Findings about a machine that are worth mending and are not why a program fails: never the cause of a text."""
BACKGROUND = frozenset({
    "cuda-told", "nccl-used", "pip-torch-index", "cuda-build-asked", "torch-asks-numpy", "gpu-capability",
    "device-file-mode", "python-found-at", "pip-found-at",
    "after-suspend", "container-named", "container-prompt", "cuda-lost-after-sleep", "dkms-nvidia",
    "dkms-nvidia-listed", "dkms-other", "docker-desktop-named", "driver-capabilities-asked", "gpu-lost-after-sleep",
    "mig-named", "nvidia-driver-named", "selinux-off", "smi-answered", "smi-works-said", "systemd-reloaded",
    "windows-build", "wsl-driver-package", "wsl-named",
})  # fmt: skip
"""Messages and words that only go with others: none of them is what went wrong."""
COLLECT_ENV = "python -m torch.utils.collect_env"
DOCKER_INFO = "docker info | grep -E 'Operating System|Docker Root Dir|Runtimes'"
PYTHON_TAGS = (
    'python -c "import platform, struct; '
    "print(platform.python_version(), platform.platform(), 8 * struct.calcsize('P'))\""
)
KERNEL_LOG = "sudo dmesg | grep -iE 'nvrm|nvidia|nouveau'"


def status(facts: Facts, outcomes: Outcomes) -> Status:
    """One word. A text never shows the whole machine, so it is never called healthy."""
    worst = max((finding.severity for finding in outcomes.findings), default=Severity.INFO)
    if worst is Severity.ERROR:
        return "broken"
    if facts.gpus == ():
        return "no-gpu"
    return "warnings" if worst is Severity.WARNING else "unknown"


def roots(names: tuple[str, ...]) -> tuple[str, ...]:
    """The root causes without mere signs: where a text shows no more than these, its cause is not known."""
    return tuple(name for name in names if name not in SIGNS and name not in ASIDE)


def told(facts: Facts) -> bool:
    """Whether the text tells anything of a GPU, its driver, CUDA or torch."""
    parts = (facts.pci, facts.driver, facts.smi, facts.libcuda, facts.nodes, facts.gpus, facts.toolkit, facts.kernel)
    env = verdict.active_env(facts)
    with_torch = env is not None and (env.torch is not None or bool(env.packages))
    named = facts.shell is not None and any(name.startswith("CUDA") for name in facts.shell.variables)
    return (
        any(part is not None for part in parts)
        or with_torch
        or named
        or any(one.kind != "nvidia-driver-named" for one in facts.symptoms or ())
    )


def sentence(status: Status, facts: Facts, outcomes: Outcomes, remedies: Mapping[str, Remedy], ask: Ask | None) -> str:
    """The first line of the report."""
    first = verdict.leading(tuple(one for one in outcomes.findings if one.name not in ASIDE))
    more = f" Ask for the output of `{ask.command}`: {ask.why}." if ask is not None else ""
    if first is not None and first.severity > Severity.INFO:
        if first.name in SIGNS and ask is not None:
            return f"{verdict.full(first.message)} The text does not tell why.{more}"
        return verdict.cause_and_cure(first, remedies)
    if status == "no-gpu":
        return "By this text the machine has no NVIDIA GPU; nothing is wrong with it."
    if not told(facts):
        return "This text tells nothing of a GPU, its driver, CUDA or torch, so there is nothing to judge."
    met = facts.symptoms or ()
    if met:
        said = next((one for one in met if one.kind not in BACKGROUND), None)
        if said is not None:
            return f"The text does not decide the cause: {said.says}.{more}"
    return f"Nothing in this text shows a fault.{more}"


def ask(facts: Facts) -> Ask | None:
    """The one command whose output would decide what is left open; None where the text tells nothing at all."""
    if not told(facts) or facts.gpus == ():
        return None
    return next(_asks(facts))


def _asks(facts: Facts) -> Iterator[Ask]:
    """What would tell most first."""
    env = verdict.active_env(facts)
    torch = env.torch if env is not None else None
    kinds = {symptom.kind for symptom in facts.symptoms or ()} - {"nvidia-driver-named"}
    if "pip-no-version" in kinds and (env is None or env.python_version is None or facts.os is None):
        yield Ask(command=PYTHON_TAGS, why="pip takes files for this Python, system and word size only")
    smi, libcuda = facts.smi, facts.libcuda
    logged = facts.kernel is not None and bool(facts.kernel.events)
    if smi is not None and smi.outcome == "failed" and not logged:
        yield Ask(command=KERNEL_LOG, why="the kernel's log says why the driver does not answer")
    if libcuda is not None and libcuda.outcome == "failed" and smi is None:
        yield Ask(command="nvidia-smi", why="it tells whether the driver answers at all")
    if libcuda is not None and libcuda.outcome == "failed" and not logged:
        yield Ask(command=KERNEL_LOG, why="the kernel's log says why CUDA does not start")
    if "nvml-library-not-found" in kinds and smi is not None:
        yield Ask(command=DOCKER_INFO, why="it tells whether docker is a snap or Docker Desktop, which have no driver")
    about_torch = torch is not None or any(word in kind for kind in kinds for word in ("torch", "kernel-image", "cuda"))
    built = torch is not None and (torch.cuda is not None or torch.build is not None)
    if about_torch and not built:
        yield Ask(command=COLLECT_ENV, why="it tells the build of torch, the GPU and the driver in one go")
    if smi is None and (facts.driver is None or facts.driver.version is None):
        yield Ask(command="nvidia-smi", why="it tells the GPU, the driver, and whether they answer")
    if torch is None:
        yield Ask(command=COLLECT_ENV, why="it tells the build of torch, the GPU and the driver in one go")
    yield Ask(command="cudadoctor check", why="run on that machine it examines what a text does not show")
