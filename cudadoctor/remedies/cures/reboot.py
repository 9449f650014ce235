"""Reboots, and what does without one."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.shared.machine import withheld
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.steps import REBOOT, advice

_LOG = advice("Read the kernel's log (`dmesg`) for lines with NVRM or Xid: they name the reason.")


def reboot(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """Libraries newer than the loaded module."""
    if machine.in_container(facts):
        return Remedy(
            summary="Reboot the container's host, or recreate the container after its driver was changed",
            steps=(
                advice("The driver of the host was changed: have the host rebooted if its own nvidia-smi fails, too."),
                advice("If it works on the host: recreate the container, which still has the old libraries."),
            ),
        )
    return Remedy(
        summary="Reboot",
        steps=(
            REBOOT,
            advice(
                "If it cannot be rebooted now: stop everything that uses the GPU, then as root "
                "`modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia` and `modprobe nvidia nvidia_uvm`.",
                needs_root=True,
            ),
        ),
    )


def look_then_reboot(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A driver that does not answer, for a reason that only the kernel's log knows."""
    if machine.under_wsl(facts):
        return Remedy(
            summary="Restart WSL and update the NVIDIA driver of Windows",
            steps=(advice("In a Windows terminal: `wsl --shutdown`; update the NVIDIA driver of Windows."),),
        )
    if machine.in_container(facts):
        return Remedy(
            summary="Look at the host: read its kernel log, and recreate the container",
            steps=(
                advice("On the host: run nvidia-smi, and read the kernel's log (`dmesg`) for lines with NVRM or Xid."),
                advice("If the host is in order: recreate the container with GPU access."),
            ),
        )
    if withheld(facts.nodes, facts.os) or machine.shared_node(facts):
        return Remedy(
            summary="Ask the batch system for a GPU: this session was given none",
            steps=(
                advice("Start a job that asks for one (Slurm: `srun --gres=gpu:1 --pty bash`), and look again there."),
                advice("If no batch system runs here: an administrator must let this session use the devices."),
            ),
        )
    if machine.tried(facts, "reboot"):
        return Remedy(summary="Read the kernel's log: it names what a reboot did not mend", steps=(_LOG,))
    return Remedy(summary="Read the kernel's log, then reboot", steps=(_LOG, REBOOT))


def cold_start(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A GPU that fell off the bus."""
    where = "host" if machine.in_container(facts) else "machine"
    return Remedy(
        summary=f"Switch the {where} off completely and on again; if it comes back, check power, heat and seating",
        steps=(
            advice(f"Shut the {where} down, cut its power for a minute, and start it again.", needs_root=True),
            advice("If it happens again: check the power cables, the seating, the temperature and the power supply."),
            advice("If it still happens: have the GPU tested or replaced by its vendor."),
        ),
    )
