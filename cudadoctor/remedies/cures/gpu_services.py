"""NVIDIA's services and the settings that they keep: persistence, clocks, the fabric manager."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures.gpu import gpu_index
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice, disable_service, enable_service, reset_clocks, restart_service


def _outside(facts: Facts, summary: str, text: str) -> Remedy | None:
    """In a container or under WSL the service belongs to the host."""
    if machine.in_container(facts) or machine.under_wsl(facts):
        return Remedy(summary=summary, steps=(advice(f"On the host: {text}"),))
    return None


def persistence(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """The persistence daemon."""
    summary = "Start the persistence daemon"
    steps: tuple[PlanStep, ...] = (
        enable_service("nvidia-persistenced", why="keeps the GPUs started between programs"),
    )
    elsewhere = _outside(facts, summary, "`systemctl enable --now nvidia-persistenced`.")
    return elsewhere or Remedy(summary=summary, steps=steps)


def clocks(finding: Finding, facts: Facts) -> Remedy:
    """The default clocks of one GPU."""
    number = gpu_index(finding)
    if number is None:
        return Remedy(summary="", steps=())
    summary = "Put the GPU's clocks back to their default"
    steps: tuple[PlanStep, ...] = (
        advice("If the administrator limits the clocks on purpose: leave them."),
        reset_clocks(number, "-rac", why="application clocks"),
        reset_clocks(number, "-rgc", why="locked clocks"),
    )
    elsewhere = _outside(facts, summary, "`nvidia-smi -rac` and `nvidia-smi -rgc`.")
    return elsewhere or Remedy(summary=summary, steps=steps)


def same_version(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The fabric manager of the driver's version."""
    version = facts.driver.version if facts.driver is not None else None
    of = f"version {version}" if version is not None else "the version of the running driver"
    summary = "Install the fabric manager of exactly the driver's version"
    text = f"install {of} of nvidia-fabricmanager, to the last number, and hold it together with the driver's packages."
    steps: tuple[PlanStep, ...] = (
        advice("If the driver was upgraded since the last start: reboot first, and look again."),
        advice(text[0].upper() + text[1:], needs_root=True),
        restart_service("nvidia-fabricmanager", why="sets the NVSwitch fabric up"),
    )
    return _outside(facts, summary, text) or Remedy(summary=summary, steps=steps)


def no_fabric_manager(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A fabric manager that has nothing to manage."""
    summary = "Switch the fabric manager off"
    steps: tuple[PlanStep, ...] = (
        disable_service("nvidia-fabricmanager", why="there is no NVSwitch to manage"),
        advice("Look for what does not work elsewhere: `nvidia-smi topo -m` shows NVLink bridges."),
    )
    elsewhere = _outside(facts, summary, "`systemctl disable --now nvidia-fabricmanager`.")
    return elsewhere or Remedy(summary=summary, steps=steps)
