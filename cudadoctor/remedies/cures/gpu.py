"""Settings and states of a GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver import fabric
from cudadoctor.remedies.machine import as_root, with_admin_note
from cudadoctor.remedies.plan import Remedy, Step, Tell


def _index(finding: Finding) -> str | None:
    number = finding.subject.removeprefix("gpu:")
    return number if finding.subject.startswith("gpu:") and number.isdigit() else None


def _smi(finding: Finding, *options: str, why: str) -> tuple[Step, ...]:
    index = _index(finding)
    if index is None:
        return ()
    return (as_root("nvidia-smi", "-i", index, *options, why=why),)


def reset(finding: Finding, facts: Facts) -> Remedy:
    """A reset of one GPU."""
    stop = Tell(text="Stop everything that uses the GPU; `nvidia-smi` lists the processes.")
    steps = (stop, *_smi(finding, "--gpu-reset", why="resets the GPU"), Tell(text="Or reboot.", needs_root=True))
    return Remedy(summary="Stop what uses the GPU and reset it, or reboot", steps=with_admin_note(facts, steps))


def replace(finding: Finding, facts: Facts) -> Remedy:
    """Memory errors: reset, test, replace."""
    first = reset(finding, facts).steps
    more = (
        Tell(text="Run the vendor's diagnosis (on data-centre GPUs: `dcgmi diag -r 3`)."),
        Tell(text="If errors come back, or a row replacement has failed: have the GPU replaced."),
    )
    return Remedy(summary="Reset the GPU and have it tested; replace it if the errors come back", steps=(*first, *more))


def default_compute_mode(finding: Finding, facts: Facts) -> Remedy:
    """The default compute mode."""
    steps = (
        Tell(text="If a batch system set this mode on purpose: end the process that holds the GPU instead."),
        *_smi(finding, "-c", "0", why="the default: several processes share the GPU"),
    )
    return Remedy(summary="Set the GPU to its default compute mode", steps=with_admin_note(facts, steps))


def mig(finding: Finding, facts: Facts) -> Remedy:
    """MIG without instances."""
    steps = (
        Tell(
            text="To use instances: `nvidia-smi mig -lgip` lists profiles; `nvidia-smi mig -cgi` with a profile's id "
            "and `-C` makes one.",
            needs_root=True,
        ),
        *_smi(finding, "-mig", "0", why="or: switches MIG off, so that CUDA has the whole GPU"),
    )
    return Remedy(summary="Make MIG instances, or switch MIG off", steps=with_admin_note(facts, steps))


def fabric_manager(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """The fabric manager of the driver's version."""
    if machine.in_container(facts):
        return Remedy(
            summary="Have the fabric manager started on the container's host",
            steps=(
                Tell(text="On the host: `systemctl enable --now nvidia-fabricmanager`, of the driver's exact version."),
            ),
        )
    version = facts.driver.version if facts.driver is not None else None
    of = f" of version {version}" if version is not None else " of exactly the driver's version"
    there = facts.services is not None and facts.services.fabric_manager is not None
    command = None if there else fabric.install(facts)
    bring: tuple[Step, ...] = ()
    if command is not None:
        bring = (as_root(*command, why="the fabric manager of the driver's version"),)
    elif not there:
        bring = (Tell(text=f"Install nvidia-fabricmanager{of}; both versions must be equal.", needs_root=True),)
    steps: tuple[Step, ...] = (
        *bring,
        as_root("systemctl", "enable", "--now", "nvidia-fabricmanager", why="sets the NVSwitch fabric up"),
    )
    return Remedy(summary="Start the fabric manager of the driver's version", steps=with_admin_note(facts, steps))


def give_back(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A GPU that vfio holds."""
    return Remedy(
        summary="Use CUDA in the virtual machine, or take the GPU back from vfio-pci",
        steps=(
            Tell(text="If the GPU is meant for a virtual machine: use CUDA there."),
            Tell(
                text="To take it back: remove its id from the vfio-pci options (/etc/modprobe.d) and from the kernel's "
                "command line, rebuild the initramfs, and reboot.",
                needs_root=True,
            ),
        ),
    )
