"""Installs or replaces the NVIDIA driver, in the place where that can be done."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures.reboot import REBOOT
from cudadoctor.remedies.machine import as_root, with_admin_note
from cudadoctor.remedies.plan import Remedy, Step, Tell
from cudadoctor.versions import ComputeCapability

_LAST_FOR_OLD_GPUS = 580
"""The last branch for Maxwell, Pascal and Volta (NVIDIA Driver Installation Guide)."""
_LAST_FOR_KEPLER = 470
_LAST_UBUNTU_WITH_KEPLER = 24
"""Ubuntu 24.04 still has nvidia-driver-470."""
_BY_HAND = {
    "fedora": "From RPM Fusion's nonfree source: `dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda`; wait until the "
    "module is built (`modinfo -F version nvidia` prints a version).",
    "arch": "`pacman -S nvidia-open nvidia-utils` (nvidia-open-dkms for a kernel other than linux).",
    "suse": "Add NVIDIA's source for your release, then install the driver that `zypper se -s nvidia-open` offers.",
    "nixos": 'In configuration.nix: `services.xserver.videoDrivers = [ "nvidia" ]` and `hardware.nvidia.open = true`; '
    "then `nixos-rebuild boot`.",
}
"""For the newest driver, that is for Turing and newer."""
_REPOSITORY = "https://developer.download.nvidia.com/compute/cuda/repos"
_MANUAL = "Choose the driver for the GPU at https://www.nvidia.com/drivers, or use your distribution's own package."


def by_hand(facts: Facts) -> str | None:
    """The words for a distribution whose commands are not planned; for the newest driver, that is Turing and newer."""
    return _BY_HAND.get(machine.family(facts))


def elsewhere(facts: Facts) -> Remedy | None:
    """Where a driver cannot be installed from here: what to do instead."""
    if machine.in_container(facts):
        return Remedy(
            summary="Install or update the NVIDIA driver on the container's host, then recreate the container",
            steps=(
                Tell(text="A container uses the driver of its host: ask whoever runs the host, or do it there."),
                Tell(text="Afterwards recreate the container with GPU access; restarting it is not enough."),
            ),
        )
    if machine.under_wsl(facts):
        return Remedy(
            summary="Install the newest NVIDIA driver in Windows, then restart WSL",
            steps=(
                Tell(text="In Windows: install the newest NVIDIA driver from https://www.nvidia.com/drivers."),
                Tell(text="In a Windows terminal: `wsl --update`, then `wsl --shutdown`; open the distribution again."),
                Tell(text="Install no driver package inside WSL: it would hide the one that Windows brings."),
            ),
        )
    if machine.on_jetson(facts):
        return Remedy(
            summary="Update JetPack: a Jetson's driver is a part of it",
            steps=(Tell(text="Flash or upgrade to the JetPack release that the program needs (NVIDIA SDK Manager)."),),
        )
    if machine.lends_gpus(facts):
        return Remedy(
            summary="Leave the vGPU host's driver as it is, and use the GPU in a guest",
            steps=(
                Tell(text="This machine lends its GPUs to guests by NVIDIA's vGPU manager: another driver stops them."),
                Tell(text="Compute in a guest, or give the GPU up for vGPU first: ask whoever runs the hypervisor."),
            ),
        )
    if machine.vgpu_guest(facts):
        return Remedy(
            summary="Install the vGPU guest driver that belongs to the host's vGPU release",
            steps=(
                Tell(
                    text="Ask whoever runs the hypervisor (or the cloud) for the guest (GRID) driver of the host's "
                    "vGPU release, and install that: no driver of a distribution or from nvidia.com drives a vGPU."
                ),
                Tell(text="A guest driver newer than the host's release allows does not start either."),
            ),
        )
    return None


def install(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """The distribution's own way to a driver that drives every GPU here."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps = (*_packages(facts), REBOOT)
    return Remedy(summary="Install the NVIDIA driver and reboot", steps=with_admin_note(facts, steps))


def update(finding: Finding, facts: Facts) -> Remedy:
    """The same, for a driver that is too old or of the wrong kind."""
    from cudadoctor.remedies.cures.torch_command import alternative

    choice = alternative(finding, facts)
    there = elsewhere(facts)
    if there is not None:
        return Remedy(summary=there.summary, steps=(*there.steps, *choice))
    steps = (*_packages(facts), REBOOT, *choice)
    return Remedy(
        summary="Update the NVIDIA driver and reboot" + (", or install a build for an older CUDA" if choice else ""),
        steps=with_admin_note(facts, steps),
    )


def replace_branch(finding: Finding, facts: Facts) -> Remedy:
    """The last branch that drives an old GPU, with the proprietary module."""
    there = elsewhere(facts)
    if there is not None:
        return there
    branch = _last_branch(finding, facts)
    shown = f"branch {branch}" if branch is not None else "the last branch that supports the GPU"
    steps: list[Step] = []
    kind = machine.family(facts)
    major = machine.release(facts)
    kepler = branch == _LAST_FOR_KEPLER and major is not None and major <= _LAST_UBUNTU_WITH_KEPLER
    if kind == "ubuntu" and (branch == _LAST_FOR_OLD_GPUS or kepler):
        steps = [
            as_root("apt-get", "update", why="reads the package lists"),
            as_root(
                "apt-get",
                "install",
                "-y",
                f"nvidia-driver-{branch}",
                why="the last branch for this GPU, proprietary module",
            ),
        ]
    elif branch == _LAST_FOR_OLD_GPUS and kind == "rhel" and (machine.release(facts) or 0) in (8, 9):
        steps = [
            as_root("dnf", "module", "reset", "-y", "nvidia-driver", why="leaves the stream that is set"),
            as_root(
                "dnf",
                "module",
                "install",
                "-y",
                f"nvidia-driver:{branch}-dkms",
                why="the last branch, proprietary module",
            ),
        ]
    else:
        steps = [Tell(text=f"Install the NVIDIA driver of {shown}, with the proprietary kernel module. {_MANUAL}")]
    steps += [Tell(text="Hold the package at that branch, so that an update does not replace it."), REBOOT]
    return Remedy(
        summary=f"Install the driver of {shown} with the proprietary module, and reboot",
        steps=with_admin_note(facts, tuple(steps)),
    )


def open_module(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The open kernel module of the driver."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kind = machine.family(facts)
    branch = facts.driver.version.branch if facts.driver is not None and facts.driver.version is not None else None
    steps: tuple[Step, ...]
    if kind == "ubuntu" and branch is not None:
        steps = (
            as_root("apt-get", "update", why="reads the package lists"),
            as_root("apt-get", "install", "-y", f"nvidia-driver-{branch}-open", why="the open module of this branch"),
        )
    elif kind in ("rhel", "fedora"):
        steps = (
            as_root("dnf", "install", "-y", "nvidia-open", "--allowerasing", why="the driver with the open module"),
        )
    else:
        steps = (Tell(text=f"Replace the kernel module package by the open one of the same driver version. {_MANUAL}"),)
    return Remedy(
        summary="Replace the proprietary kernel module by the open one, and reboot",
        steps=with_admin_note(facts, (*steps, REBOOT)),
    )


def reinstall(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """One driver from one source, where two are mixed or files are damaged."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps = (
        Tell(text="If a .run installer was used once: run `nvidia-uninstall` as root to remove what it installed."),
        *_packages(facts, again=True),
        REBOOT,
    )
    return Remedy(summary="Keep one source of the driver: reinstall it and reboot", steps=with_admin_note(facts, steps))


def _capabilities(facts: Facts) -> tuple[ComputeCapability, ...]:
    return tuple(gpu.compute_capability for gpu in facts.gpus or () if gpu.compute_capability is not None)


def _last_branch(finding: Finding, facts: Facts) -> int | None:
    from cudadoctor.compat import drivers

    index = finding.subject.removeprefix("gpu:")
    named = [gpu for gpu in facts.gpus or () if str(gpu.index) == index] or list(facts.gpus or ())
    branches = [
        branch
        for gpu in named
        if gpu.compute_capability is not None
        and (branch := drivers.last_driver_for(gpu.compute_capability)) is not None
    ]
    return min(branches, default=None)


def _packages(facts: Facts, *, again: bool = False) -> tuple[Step, ...]:
    """Commands of the distribution that choose the driver for the GPUs that are here; words where they are not sure."""
    from cudadoctor.compat import drivers

    capabilities = _capabilities(facts)
    last = min((one for c in capabilities if (one := drivers.last_driver_for(c)) is not None), default=None)
    kind, major = machine.family(facts), machine.release(facts)
    if kind == "ubuntu":
        return (
            as_root("apt-get", "update", why="reads the package lists"),
            as_root(
                "apt-get", "install", "-y", "ubuntu-drivers-common", why="Ubuntu's tool that knows which driver fits"
            ),
            as_root(
                "ubuntu-drivers",
                "autoinstall" if major is not None and major < 20 else "install",
                why="installs the driver that Ubuntu recommends for this GPU",
            ),
        )
    newest_needed = any(drivers.needs_open_module(one) for one in capabilities)
    if kind == "debian" and not newest_needed and capabilities and last in (None, _LAST_FOR_OLD_GPUS):
        headers = (
            "linux-headers-arm64" if facts.os is not None and facts.os.arch == "aarch64" else "linux-headers-amd64"
        )
        return (
            Tell(text="Enable the components contrib, non-free and non-free-firmware in Debian's package sources."),
            as_root("apt-get", "update", why="reads the package lists"),
            as_root(
                "apt-get",
                "install",
                "-y",
                *(("--reinstall",) if again else ()),
                headers,
                "nvidia-driver",
                "firmware-misc-nonfree",
                why="the driver, and what its module is built with",
            ),
        )
    if kind == "rhel" and major in (8, 9, 10) and last is None and capabilities:
        machine_name = "sbsa" if facts.os is not None and facts.os.arch == "aarch64" else "x86_64"
        source = f"{_REPOSITORY}/rhel{major}/{machine_name}/cuda-rhel{major}.repo"
        enable: tuple[Step, ...] = ()
        if major < 10:
            enable = (
                as_root("dnf", "module", "enable", "-y", "nvidia-driver:open-dkms", why="the open kernel module"),
            )
        return (
            Tell(text="Enable EPEL, from which dkms comes: `dnf install epel-release` (RHEL itself: EPEL's own page)."),
            as_root("dnf", "config-manager", "--add-repo", source, why="NVIDIA's package source"),
            *enable,
            as_root("dnf", "reinstall" if again else "install", "-y", "nvidia-open", why="the driver"),
        )
    if last is None and capabilities and kind in _BY_HAND:
        return (Tell(text=_BY_HAND[kind], needs_root=True),)
    note = f" This machine has a GPU that branch {last} is the last one to support." if last is not None else ""
    return (Tell(text=f"Install the NVIDIA driver with your distribution's package manager.{note} {_MANUAL}"),)
