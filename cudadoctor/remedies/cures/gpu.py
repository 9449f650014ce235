"""Settings and states of a GPU."""

from __future__ import annotations

from collections.abc import Callable

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver import fabric
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import (
    advice,
    enable_service,
    install_packages,
    reset_gpu,
    set_default_compute_mode,
    switch_mig_off,
)


def gpu_index(finding: Finding) -> str | None:
    """The index of the GPU that a finding is about."""
    subject = subjects.parse(finding.subject)
    return str(subject.which) if isinstance(subject, subjects.Gpu) and isinstance(subject.which, int) else None


def _on_gpu(finding: Finding, build: Callable[[str, str], PlanStep], why: str) -> tuple[PlanStep, ...]:
    """The step for the GPU that the finding is about; none where that is not known."""
    index = gpu_index(finding)
    return () if index is None else (build(index, why),)


def reset(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A reset of one GPU."""
    stop = advice("Stop everything that uses the GPU; `nvidia-smi` lists the processes.")
    steps = (stop, *_on_gpu(finding, reset_gpu, "resets the GPU"), advice("Or reboot.", needs_root=True))
    return Remedy(summary="Stop what uses the GPU and reset it, or reboot", steps=steps)


def replace(finding: Finding, facts: Facts) -> Remedy:
    """Memory errors: reset, test, replace."""
    first = reset(finding, facts).steps
    more = (
        advice("Run the vendor's diagnosis (on data-centre GPUs: `dcgmi diag -r 3`)."),
        advice("If errors come back, or a row replacement has failed: have the GPU replaced."),
    )
    return Remedy(summary="Reset the GPU and have it tested; replace it if the errors come back", steps=(*first, *more))


def default_compute_mode(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The default compute mode."""
    steps = (
        advice("If a batch system set this mode on purpose: end the process that holds the GPU instead."),
        *_on_gpu(finding, set_default_compute_mode, "the default: several processes share the GPU"),
    )
    return Remedy(summary="Set the GPU to its default compute mode", steps=steps)


def mig(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """MIG without instances."""
    steps = (
        advice(
            "To use instances: `nvidia-smi mig -lgip` lists profiles; `nvidia-smi mig -cgi` with a profile's id "
            "and `-C` makes one.",
            needs_root=True,
        ),
        *_on_gpu(finding, switch_mig_off, "or: switches MIG off, so that CUDA has the whole GPU"),
    )
    return Remedy(summary="Make MIG instances, or switch MIG off", steps=steps)


def fabric_manager(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """The fabric manager of the driver's version."""
    if machine.in_container(facts):
        return Remedy(
            summary="Have the fabric manager started on the container's host",
            steps=(
                advice("On the host: `systemctl enable --now nvidia-fabricmanager`, of the driver's exact version."),
            ),
        )
    version = facts.driver.version if facts.driver is not None else None
    of = f" of version {version}" if version is not None else " of exactly the driver's version"
    there = facts.services is not None and facts.services.fabric_manager is not None
    packages = () if there else fabric.packages(facts)
    bring = install_packages(facts, packages, "the fabric manager of the driver's version") if packages else None
    if bring is None and not there:
        bring = advice(f"Install nvidia-fabricmanager{of}; both versions must be equal.", needs_root=True)
    steps = (
        *(() if bring is None else (bring,)),
        enable_service("nvidia-fabricmanager", why="sets the NVSwitch fabric up"),
    )
    return Remedy(summary="Start the fabric manager of the driver's version", steps=steps)


def give_back(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A GPU that vfio holds."""
    return Remedy(
        summary="Use CUDA in the virtual machine, or take the GPU back from vfio-pci",
        steps=(
            advice("If the GPU is meant for a virtual machine: use CUDA there."),
            advice(
                "To take it back: remove its id from the vfio-pci options (/etc/modprobe.d) and from the kernel's "
                "command line, rebuild the initramfs, and reboot.",
                needs_root=True,
            ),
        ),
    )
