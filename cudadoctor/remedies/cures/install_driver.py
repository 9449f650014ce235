"""Installs or replaces the NVIDIA driver, in the place where that can be done: by the steps that `install` plans."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver import need as needs
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.driver.installer import Reason, steps
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice, downloads
from cudadoctor.versions import CudaVersion, DriverVersion


def install(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A driver for every GPU here."""
    there = elsewhere(facts)
    if there is not None:
        return there
    return _remedy("Install the NVIDIA driver and reboot", facts, "missing")


def update(finding: Finding, facts: Facts) -> Remedy:
    """The same, for a driver that is too old."""
    from cudadoctor.remedies.cures.torch_command import alternative

    choice = alternative(finding, facts)
    there = elsewhere(facts)
    if there is not None:
        return Remedy(summary=there.summary, steps=(*choice, *there.steps))
    here = facts.driver.version if facts.driver is not None else None
    return _remedy(
        ("Install a build for an older CUDA, or update" if choice else "Update") + " the NVIDIA driver and reboot",
        facts, "old", cuda=_cuda(finding, facts), newer_than=here, before=choice,
    )  # fmt: skip


def replace_branch(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The last branch that drives an old GPU, with the proprietary module."""
    there = elsewhere(facts)
    if there is not None:
        return there
    branch = needs.of(facts).last_branch
    shown = f"branch {branch}" if branch is not None else "the last branch that supports the GPU"
    hold = advice("Hold the package at that branch, so that an update does not replace it.")
    return _remedy(
        f"Install the driver of {shown} with the proprietary module, and reboot", facts, "wrong", after=(hold,)
    )


def open_module(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The driver with the open kernel module."""
    there = elsewhere(facts)
    if there is not None:
        return there
    return _remedy("Replace the proprietary kernel module by the open one, and reboot", facts, "wrong")


def reinstall(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """One driver from one source, where two are mixed or files are damaged."""
    there = elsewhere(facts)
    if there is not None:
        return there
    before: tuple[PlanStep, ...] = ()
    if facts.distro is None or facts.distro.runfile is None:
        text = "If a .run installer was used once: run `nvidia-uninstall` as root to remove what it installed."
        before = (advice(text),)
    return _remedy("Keep one source of the driver: reinstall it and reboot", facts, "damaged", before=before)


def _remedy(
    summary: str, facts: Facts, reason: Reason, *, cuda: CudaVersion | None = None,
    newer_than: DriverVersion | None = None, before: tuple[PlanStep, ...] = (), after: tuple[PlanStep, ...] = (),
) -> Remedy:  # fmt: skip
    part = steps(facts, needs.of(facts, cuda=cuda, newer_than=newer_than), reason, downloads(facts))
    return Remedy(summary=summary, steps=(*before, *part.steps, *after))


def _cuda(finding: Finding, facts: Facts) -> CudaVersion | None:
    """The CUDA that the finding is about: of the environment's torch, or of the toolkit."""
    subject = subjects.parse(finding.subject)
    if isinstance(subject, subjects.Env):
        env = next((one for one in facts.envs or () if one.prefix == subject.prefix), None)
        return env.torch.cuda.cuda if env is not None and env.torch is not None and env.torch.cuda is not None else None
    if isinstance(subject, subjects.Toolkit):
        found = facts.toolkit.toolkits if facts.toolkit is not None else ()
        one = next((one for one in found if one.root == subject.root), None)
        return one.version.cuda if one is not None and one.version is not None else None
    return None
