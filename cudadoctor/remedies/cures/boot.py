"""Cures between the kernel and the start: keys, headers, builds that failed, switched-off GPUs, a broken resume."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.kernel import DkmsModule
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures.reboot import REBOOT
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.driver.packages import signed_module
from cudadoctor.remedies.machine import as_root, with_admin_note
from cudadoctor.remedies.plan import Remedy, Step, Tell, WriteFile


def _failed(facts: Facts) -> DkmsModule | None:
    rows = (facts.kernel.dkms if facts.kernel is not None else None) or ()
    return next((one for one in rows if one.state == "failed"), None)


def build_again(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A build that failed: first its reason, then once more."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kernel = facts.os.kernel if facts.os is not None else None
    failed = _failed(facts)
    reason = failed.reason if failed is not None else None
    log = failed.seen.where if failed is not None else "/var/lib/dkms/nvidia (make.log in the version's build folder)"
    steps: list[Step] = []
    if reason == "no-space":
        steps.append(Tell(text="Make room on the disk: `df -h` shows which file system is full."))
        summary = "Make room on the disk and build the module again"
    elif reason in ("compiler-missing", "compiler-differs"):
        steps.append(
            Tell(
                text="Install the compiler that built the kernel: `cat /proc/version` names it (on Ubuntu 22.04 with "
                "the HWE kernel: gcc-12).",
                needs_root=True,
            )
        )
        summary = "Install the compiler that built the kernel, and build the module again"
    else:
        steps += [
            Tell(text=f"Read the first line with `error` in {log}."),
            Tell(
                text="If it speaks of functions or members that are unknown, the driver is too old for this kernel: "
                "install a newer driver branch, or start the previous kernel and stay on it.",
                needs_root=True,
            ),
        ]
        summary = "Install a driver that fits this kernel, or start the previous kernel"
    if kernel:
        steps.append(as_root("dkms", "autoinstall", "-k", kernel, why="builds the module for this kernel"))
    else:
        steps.append(Tell(text="Build it again: `dkms autoinstall` as root.", needs_root=True))
    steps.append(as_root("modprobe", "nvidia", why="loads it"))
    return Remedy(summary=summary, steps=with_admin_note(facts, tuple(steps)))


def enrol_key(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Secure Boot: enrol the key that the module is signed with."""
    there = elsewhere(facts)
    if there is not None:
        return there
    release = release_of(facts)
    signed = signed_module(facts)
    instead = "switch Secure Boot off in the firmware."
    if signed is not None:
        module, dkms = signed
        instead = (
            f"take the module that Ubuntu has signed: `apt-get install {module}`, then `apt-get remove {dkms}`, whose "
            f"own would be loaded first. Or {instead}"
        )
    key = release.signing_key if release is not None else None
    steps: tuple[Step, ...] = (
        as_root("mokutil", "--import", key, why="asks for a password, and queues the key for the next start")
        if key
        else Tell(text="Enrol the key that signs the module: `mokutil --import` with its file.", needs_root=True),
        Tell(
            text="Reboot; at the blue screen choose Enroll MOK, Continue, Yes, and give that password. It appears "
            "once, and on the machine's own screen only.",
            needs_root=True,
        ),
        Tell(text=f"Without access to that screen: {instead}", needs_root=True),
    )
    return Remedy(
        summary="Enrol the key that the module is signed with, or switch Secure Boot off",
        steps=with_admin_note(facts, steps),
    )


def prebuilt(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Ubuntu's prebuilt module for the running kernel."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kernel = facts.os.kernel if facts.os is not None else None
    version = facts.driver.library_version if facts.driver is not None else None
    step: Step = Tell(
        text="Install the linux-modules-nvidia package of your driver's branch for the running kernel.", needs_root=True
    )
    if kernel and version is not None and machine.family(facts) == "ubuntu":
        package = f"linux-modules-nvidia-{version.branch}-{kernel}"
        step = as_root("apt-get", "install", "-y", package, why="the module for this kernel")
    steps = (
        step,
        as_root("modprobe", "nvidia", why="loads it"),
        Tell(
            text="So that the next kernel brings its module: install the package that ends in the kernel's flavour "
            "(-generic, -aws, -azure …) as well. Branches named server or open have that word in the package's name."
        ),
    )
    return Remedy(
        summary="Install the prebuilt nvidia module for the running kernel", steps=with_admin_note(facts, steps)
    )


def switch_on(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The GPU on demand, by prime-select."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[Step, ...] = (
        as_root("prime-select", "on-demand", why="the display stays on the integrated GPU, and CUDA works"),
        REBOOT,
    )
    return Remedy(summary="Switch the GPU on with `prime-select on-demand`", steps=with_admin_note(facts, steps))


def reload_uvm(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A module that a resume broke."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[Step, ...] = (
        Tell(text="End every program that uses CUDA (notebooks, too)."),
        as_root("modprobe", "-r", "nvidia_uvm", why="unloads the broken module; if it is in use, reboot instead"),
        as_root("modprobe", "nvidia_uvm", why="loads it anew"),
        WriteFile(
            path="/etc/modprobe.d/nvidia-power-management.conf",
            text="options nvidia NVreg_PreserveVideoMemoryAllocations=1\n",
            why="so that the next suspend keeps the GPU's memory",
            safety="system",
            needs_root=True,
        ),
        as_root(
            *("systemctl", "enable", "nvidia-suspend", "nvidia-resume", "nvidia-hibernate"),
            why="the services that save and restore it",
        ),
    )
    return Remedy(summary="Unload and load nvidia_uvm, or reboot", steps=with_admin_note(facts, steps))
