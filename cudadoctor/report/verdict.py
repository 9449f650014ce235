"""The status, the one line that leads a report, and what to set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding, Outcomes
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.subject import Env, Gpu
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import Remedy
from cudadoctor.report.model import SetUp, Status
from cudadoctor.versions import CudaVersion

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause


def status(facts: Facts, outcomes: Outcomes) -> Status:
    """One word for the machine.

    `healthy` says that everything that should be there was examined and no error or warning was found; `no-gpu` that
    there is no NVIDIA GPU and nothing is broken; `unknown` that nothing was found and something could not be examined.
    """
    worst = max((finding.severity for finding in outcomes.findings), default=Severity.INFO)
    if worst is Severity.ERROR:
        return "broken"
    if facts.gpus == ():
        return "no-gpu"
    if worst is Severity.WARNING:
        return "warnings"
    return "unknown" if outcomes.crashed or any(unexamined(facts)) else "healthy"


def unexamined(facts: Facts) -> Iterator[str]:
    """What should have been examined and was not, each with its reason."""
    for field in ("os", "gpus", "driver", "envs", "shell"):
        if getattr(facts, field) is None:
            yield f"{field}: {_gap(facts, field)}"
    if facts.gpus:
        answered = {"smi": facts.smi and facts.smi.outcome, "libcuda": facts.libcuda and facts.libcuda.outcome}
        for field, outcome in answered.items():
            if outcome in (None, "slow"):
                yield f"{field}: {_gap(facts, field)}"
    env = active_env(facts)
    if env and env.torch and env.torch.live.outcome in ("slow", "failed"):
        yield f"torch in {env.prefix}: {env.torch.live.error or 'it did not answer in the time this run had'}"


def _gap(facts: Facts, field: str) -> str:
    for gap in facts.gaps:
        if gap.fact == field or gap.fact.startswith(f"{field}."):
            return gap.reason
    return "not known"


def active_env(facts: Facts) -> EnvFacts | None:
    """The environment that a bare `python` would use."""
    return next((env for env in facts.envs or () if env.active), None)


def sentence(status: Status, facts: Facts, outcomes: Outcomes, remedies: Mapping[str, Remedy]) -> str:
    """The first line of a report: healthy, or the root cause and its cure."""
    first = leading(outcomes.findings)
    if first is not None and first.severity > Severity.INFO:
        return cause_and_cure(first, remedies) + _still_works(first, facts, outcomes)
    if status == "no-gpu":
        return _no_gpu(facts)
    if status == "unknown":
        left = next(unexamined(facts), "a check crashed")
        return f"Nothing wrong was found, but not everything could be examined: {left}"
    return _healthy(facts)


def _still_works(finding: Finding, facts: Facts, outcomes: Outcomes) -> str:
    """What of the same kind is known to work although this one does not: other GPUs, other environments."""
    kind = finding.subject.partition(":")[0]
    broken = {one.subject for one in outcomes.findings if one.severity is Severity.ERROR}
    if kind == "gpu" and "machine" not in broken and facts.libcuda is not None and facts.libcuda.outcome == "ok":
        working = {device.bus_id for device in facts.libcuda.devices} - {None}
        others = [
            f"GPU {gpu.index} ({gpu.name})" if gpu.name else f"GPU {gpu.index}"
            for gpu in facts.gpus or ()
            if str(Gpu(gpu.index)) not in broken and gpu.pci_bus_id in working
        ]
        return f" {listed(others)} {'works' if len(others) == 1 else 'work'}." if others else ""
    if kind == "env":
        envs = [
            f"`{env.name}`"
            for env in facts.envs or ()
            if str(Env(env.prefix)) not in broken and env.torch is not None and env.torch.live.is_available
        ]
        return f" torch in {listed(envs)} finds its GPU." if envs else ""
    return ""


def listed(words: list[str], most: int = 3, joined: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    shown = words if len(words) <= most else [*words[:most], f"{len(words) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {joined} {shown[-1]}"


def cause_and_cure(finding: Finding, remedies: Mapping[str, Remedy]) -> str:
    """What was found, and what to do, in a sentence each."""
    remedy = remedies.get(finding.id)
    return f"{full(finding.message)} {full(remedy.summary)}" if remedy else full(finding.message)


def leading(findings: tuple[Finding, ...]) -> Finding | None:
    """The first finding that nothing else explains."""
    return next((finding for finding in findings if not finding.because_of), None)


def full(text: str) -> str:
    """The text as a sentence."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _no_gpu(facts: Facts) -> str:
    env = active_env(facts)
    torch = env.torch if env else None
    if torch is None:
        return "There is no NVIDIA GPU in this machine; nothing is wrong."
    return f"There is no NVIDIA GPU in this machine; torch {torch.version} computes on the CPU here."


def _healthy(facts: Facts) -> str:
    gpus = facts.gpus or ()
    names = list(dict.fromkeys(gpu.name or "NVIDIA GPU" for gpu in gpus))
    shown = f"{len(gpus)} GPUs ({', '.join(names)})" if len(gpus) > 1 else names[0] if names else "GPU"
    driver = f"driver {facts.driver.version}" if facts.driver and facts.driver.version else "its driver"
    env = active_env(facts)
    torch = env.torch if env else None
    if torch is None:
        return f"Healthy: {shown} on {driver}. torch is not installed in the active environment."
    if torch.live.outcome != "ok":
        return f"Healthy as far as it was examined: {shown} on {driver}; torch {torch.version} was not started."
    left_out = _left_out(facts, env)
    which = f"all of them but {listed(left_out)}" if left_out else "them" if len(gpus) > 1 else "it"
    return f"Healthy: {shown} on {driver}, and torch {torch.version} can use {which}."


def _left_out(facts: Facts, env: EnvFacts | None) -> list[str]:
    """GPUs beside others that torch's build has no code for: it lists them, and fails where a program takes one."""
    from cudadoctor.checks.shared.gpu_code import Gap, gaps

    found = gaps((env,) if env else (), facts.gpus or (), facts.os)
    return [f"GPU {gpu.index}" for gap in found if isinstance(gap, Gap) for gpu, _ in gap.gpus]


WRONG_TORCH: frozenset[Cause] = frozenset(
    (
        "cpu-only-build",
        "aarch64-wheel-without-cuda",
        "arch-not-in-build-gpu-newer",
        "arch-not-in-build-gpu-older",
        "gpu-too-old-for-cudnn",
        "driver-too-old-for-runtime",
        "torchvision-torch-mismatch",
        "glibc-too-old",
        "mixed-cuda-major-packages",
    )
)
"""Findings about the active environment whose cure is another build of torch."""


def set_up(facts: Facts, findings: tuple[Finding, ...], *, pasted: bool = False) -> SetUp:
    """What to type next on this machine: the shell's lines, and the install command where torch is missing or wrong.

    What a pasted text does not show may well be there: nothing is missing from it.
    """
    if pasted:
        install = _install(facts, findings) if any(one.name in WRONG_TORCH for one in findings) else None
        return SetUp(install=install)
    toolkit = _toolkit(facts)
    lines: tuple[str, ...] = ()
    if toolkit is not None:
        from cudadoctor.shells.api import set_up_lines

        lines = set_up_lines(facts.shell.shell if facts.shell else None, toolkit)
    return SetUp(shell=lines, toolkit=toolkit if lines else None, install=_install(facts, findings))


def _toolkit(facts: Facts) -> str | None:
    """The newest toolkit of NVIDIA's, where one is installed and no nvcc is on PATH."""
    inventory = facts.toolkit
    if inventory is None or inventory.nvcc_on_path is not None:
        return None
    usable = [one for one in inventory.toolkits if one.nvcc and one.version and one.origin == "nvidia"]
    newest = max(usable, key=lambda one: one.version.cuda if one.version else CudaVersion(0, 0), default=None)
    if newest is None:
        return None
    followed = next((link.path for link in inventory.links if link.resolved == newest.real_root), None)
    return followed or newest.root


def _install(facts: Facts, findings: tuple[Finding, ...]) -> Recommendation | None:
    env = active_env(facts)
    torch = env.torch if env else None
    wrong = env is not None and any(
        one.name in WRONG_TORCH and one.severity > Severity.INFO and one.subject == str(Env(env.prefix))
        for one in findings
    )
    if torch is not None and not wrong:
        return None
    from cudadoctor.recommend.api import for_facts

    return for_facts(facts, env)
