"""The status, the one line that leads a report, and what to set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cudadoctor.checks.base import Severity
from cudadoctor.checks.outcome import Finding, Outcomes
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies.steps import Remedy
from cudadoctor.report import SetUp, Status


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
    leading = _leading(outcomes.findings)
    if leading is not None and leading.severity > Severity.INFO:
        remedy = remedies.get(leading.id)
        cure = f" {_sentence(remedy.summary)}" if remedy else ""
        return f"{_sentence(leading.message)}{cure}"
    if status == "no-gpu":
        return _no_gpu(facts)
    if status == "unknown":
        left = next(unexamined(facts), "a check crashed")
        return f"Nothing wrong was found, but not everything could be examined: {left}"
    return _healthy(facts)


def _leading(findings: tuple[Finding, ...]) -> Finding | None:
    return next((finding for finding in findings if not finding.because_of), None)


def _sentence(text: str) -> str:
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
    return f"Healthy: {shown} on {driver}, and torch {torch.version} can use {'them' if len(gpus) > 1 else 'it'}."


def set_up(facts: Facts) -> SetUp:
    """What to type next on this machine."""
    return SetUp(shell=_shell_lines(facts), install=_install(facts))


def _shell_lines(facts: Facts) -> tuple[str, ...]:
    """The lines that put a toolkit on PATH, where one is installed and they are not in place."""
    inventory = facts.toolkit
    if inventory is None or inventory.nvcc_on_path is not None:
        return ()
    usable = [toolkit for toolkit in inventory.toolkits if toolkit.nvcc and toolkit.origin == "nvidia"]
    if not usable:
        return ()
    newest = max(usable, key=lambda toolkit: (toolkit.version is not None, toolkit.version and toolkit.version.cuda))
    return (
        f"A CUDA toolkit is installed in {newest.root} and its nvcc is not on PATH. Only compiling needs it: "
        f"then put {newest.root}/bin on PATH and export CUDA_HOME={newest.root}.",
    )


def _install(facts: Facts) -> str | None:
    env = active_env(facts)
    torch = env.torch if env else None
    if torch is not None:
        return None
    if facts.gpus == ():
        return "To compute on the CPU, install torch from https://download.pytorch.org/whl/cpu."
    from cudadoctor.remedies.torch_command import newest_build

    return newest_build(facts)
