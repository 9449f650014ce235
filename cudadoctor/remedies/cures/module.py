"""The kernel module: build it, load it, keep nouveau away, make the device nodes."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures.reboot import REBOOT
from cudadoctor.remedies.driver import headers
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.machine import as_root, with_admin_note
from cudadoctor.remedies.plan import Remedy, Step, Tell, WriteFile

_INSTALL: dict[str, tuple[str, ...]] = {
    "apt": ("apt-get", "install", "-y"),
    "dnf": ("dnf", "install", "-y"),
    "yum": ("yum", "install", "-y"),
}

_INITRAMFS = {
    "ubuntu": ("update-initramfs", "-u"),
    "debian": ("update-initramfs", "-u"),
    "rhel": ("dracut", "--force"),
    "fedora": ("dracut", "--force"),
}
"""For a release that has no row of its own."""


def build(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """Build the module for the running kernel."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kernel = facts.os.kernel if facts.os is not None else None
    kind = machine.family(facts)
    steps: list[Step] = []
    release = release_of(facts)
    names = headers.packages(facts)
    if kernel and names and release is not None and release.manager in _INSTALL:
        steps.append(as_root(*_INSTALL[release.manager], *names, why="headers of the running kernel"))
    elif kernel and kind in ("ubuntu", "debian"):
        steps.append(
            as_root("apt-get", "install", "-y", f"linux-headers-{kernel}", why="headers of the running kernel")
        )
    else:
        steps.append(Tell(text="Install the headers of the running kernel (`uname -r` names it)."))
    if kernel and kind == "fedora":
        steps.append(
            Tell(
                text="With RPM Fusion's akmod-nvidia: `akmods --force` as root builds the module. With NVIDIA's own "
                f"packages: `dkms autoinstall -k {kernel}`.",
                needs_root=True,
            )
        )
    elif kind == "arch":
        steps.append(
            Tell(
                text="After an upgrade of the kernel: reboot into it first. With a kernel other than linux or "
                "linux-lts: install its headers and nvidia-open-dkms.",
                needs_root=True,
            )
        )
    elif kind == "nixos":
        steps.append(Tell(text="Rebuild with `nixos-rebuild boot`, and reboot.", needs_root=True))
    elif kernel:
        steps.append(as_root("dkms", "autoinstall", "-k", kernel, why="builds the module for this kernel"))
    steps += [
        as_root("modprobe", "nvidia", why="loads it"),
        Tell(
            text="If DKMS does not know the driver: install the distribution's prebuilt module for this kernel. "
            "If the build fails: /var/lib/dkms/nvidia holds its log, and the driver may be too old for this kernel."
        ),
    ]
    return Remedy(
        summary="Install the kernel's headers, build the nvidia module and load it",
        steps=with_admin_note(facts, tuple(steps)),
    )


def load(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Load the module, and see why it does not."""
    there = elsewhere(facts)
    if there is not None:
        return there
    failed = machine.tried(facts, "load-module")
    first: Step = (
        Tell(
            text="Read the kernel's log, which names why the module could not be loaded: "
            "`sudo dmesg | grep -iE 'nvrm|nvidia|nouveau'`.",
            needs_root=True,
        )
        if failed
        else as_root("modprobe", "nvidia", why="loads the module, or says why it cannot be loaded")
    )
    steps: list[Step] = [first]
    if facts.os is not None and facts.os.secure_boot:
        steps.append(
            Tell(
                text="If it says that the key was rejected: Secure Boot wants a signed module. Enrol the key that DKMS "
                "signs with (`mokutil --import`, then confirm at the next start), or take the distribution's signed "
                "prebuilt module."
            )
        )
    if not failed:
        steps.append(Tell(text="If it names no reason: read the kernel's log (`dmesg`) for lines with NVRM."))
    if not machine.tried(facts, "reboot"):
        steps.append(Tell(text="If the driver was installed since the last start: reboot.", needs_root=True))
    return Remedy(
        summary="Find in the kernel's log why the nvidia module does not load"
        if failed
        else "Load the nvidia module with `modprobe nvidia`, and read what it says",
        steps=with_admin_note(facts, tuple(steps)),
    )


def blacklist_nouveau(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Keep nouveau from loading."""
    there = elsewhere(facts)
    if there is not None:
        return there
    why = "the early boot must not load nouveau either"
    release = release_of(facts)
    command = release.initramfs if release is not None else _INITRAMFS.get(machine.family(facts), ())
    rebuild: Step = (
        as_root(*command, why=why)
        if command
        else Tell(text="Rebuild the initramfs with your distribution's tool.", needs_root=True)
    )
    steps: tuple[Step, ...] = (
        WriteFile(
            path="/etc/modprobe.d/blacklist-nouveau.conf",
            text="blacklist nouveau\noptions nouveau modeset=0\n",
            why="keeps nouveau from taking the GPU",
            safety="system",
            needs_root=True,
        ),
        rebuild,
        REBOOT,
    )
    return Remedy(summary="Keep nouveau from loading, and reboot", steps=with_admin_note(facts, steps))


def load_uvm(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Unified memory and its node."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[Step, ...] = (
        as_root("modprobe", "nvidia_uvm", why="loads the module that CUDA needs"),
        as_root("nvidia-modprobe", "-c0", "-u", why="makes its device nodes"),
        Tell(text="Install the package nvidia-modprobe, which does this at the first use of CUDA."),
    )
    return Remedy(summary="Load nvidia_uvm with `modprobe nvidia_uvm`", steps=with_admin_note(facts, steps))


def make_nodes(finding: Finding, facts: Facts) -> Remedy:
    """Device nodes under /dev."""
    if machine.in_container(facts):
        from cudadoctor.remedies.cures.container import start_with_gpu

        return start_with_gpu(finding, facts)
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[Step, ...] = (
        as_root("nvidia-modprobe", "-c0", "-u", why="makes the device nodes"),
        as_root("systemctl", "enable", "--now", "nvidia-persistenced", why="makes them at each start"),
    )
    return Remedy(summary="Make the device nodes with nvidia-modprobe", steps=with_admin_note(facts, steps))


def join_group(finding: Finding, facts: Facts) -> Remedy:
    """A user who may not open the nodes."""
    path = finding.subject.removeprefix("file:")
    node = next((one for one in facts.nodes or () if one.path == path), None)
    if machine.in_container(facts):
        return Remedy(
            summary="Start the container as a user who may open the GPU's device nodes",
            steps=(Tell(text="Start the container as root, or with the group that owns the nodes (`--group-add`)."),),
        )
    by_group = node is not None and node.mode & 0o060 == 0o060 and node.gid != 0
    words = (
        f"Ask an administrator to add your user to group {node.gid}, which owns the nodes; then log in again."
        if by_group and node is not None
        else "Ask an administrator to set the driver's default mode 0666 for the device nodes (NVreg_DeviceFileMode)."
    )
    return Remedy(
        summary="Join the group that owns the device nodes" if by_group else "Have the device nodes' mode corrected",
        steps=(Tell(text=words, needs_root=True),),
    )
