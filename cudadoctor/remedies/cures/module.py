"""The kernel module: build it, load it, keep nouveau away, make the device nodes."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver import headers
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import (
    REBOOT,
    advice,
    build_modules,
    enable_service,
    install_packages,
    load_module,
    make_device_nodes,
    rebuild_initramfs,
    write,
)


def build(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """Build the module for the running kernel."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kernel = facts.os.kernel if facts.os is not None else None
    kind = machine.family(facts)
    steps: list[PlanStep] = []
    names = headers.packages(facts)
    if not names and kind in ("ubuntu", "debian"):
        names = (f"linux-headers-{kernel}",)
    install = install_packages(facts, names, "headers of the running kernel") if kernel and names else None
    steps.append(install or advice("Install the headers of the running kernel (`uname -r` names it)."))
    if kernel and kind == "fedora":
        steps.append(
            advice(
                "With RPM Fusion's akmod-nvidia: `akmods --force` as root builds the module. With NVIDIA's own "
                f"packages: `dkms autoinstall -k {kernel}`.",
                needs_root=True,
            )
        )
    elif kind == "arch":
        steps.append(
            advice(
                "After an upgrade of the kernel: reboot into it first. With a kernel other than linux or "
                "linux-lts: install its headers and nvidia-open-dkms.",
                needs_root=True,
            )
        )
    elif kind == "nixos":
        steps.append(advice("Rebuild with `nixos-rebuild boot`, and reboot.", needs_root=True))
    elif kernel:
        steps.append(build_modules(kernel, why="builds the module for this kernel"))
    steps += [
        load_module("nvidia", why="loads it"),
        advice(
            "If DKMS does not know the driver: install the distribution's prebuilt module for this kernel. "
            "If the build fails: /var/lib/dkms/nvidia holds its log, and the driver may be too old for this kernel."
        ),
    ]
    return Remedy(
        summary="Install the kernel's headers, build the nvidia module and load it",
        steps=tuple(steps),
    )


def load(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Load the module, and see why it does not."""
    there = elsewhere(facts)
    if there is not None:
        return there
    failed = machine.tried(facts, "load-module")
    look = "Read the kernel's log, which names why the module could not be loaded"
    steps: list[PlanStep] = [
        advice(f"{look}: `sudo dmesg | grep -iE 'nvrm|nvidia|nouveau'`.", needs_root=True)
        if failed
        else load_module("nvidia", why="loads the module, or says why it cannot be loaded")
    ]
    if facts.os is not None and facts.os.secure_boot:
        steps.append(
            advice(
                "If it says that the key was rejected: Secure Boot wants a signed module. Enrol the key that DKMS "
                "signs with (`mokutil --import`, then confirm at the next start), or take the distribution's signed "
                "prebuilt module."
            )
        )
    if not failed:
        steps.append(advice("If it names no reason: read the kernel's log (`dmesg`) for lines with NVRM."))
    if not machine.tried(facts, "reboot"):
        steps.append(advice("If the driver was installed since the last start: reboot.", needs_root=True))
    return Remedy(
        summary="Find in the kernel's log why the nvidia module does not load"
        if failed
        else "Load the nvidia module with `modprobe nvidia`, and read what it says",
        steps=tuple(steps),
    )


def blacklist_nouveau(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Keep nouveau from loading."""
    there = elsewhere(facts)
    if there is not None:
        return there
    rebuild = rebuild_initramfs(facts, "the early boot must not load nouveau either") or advice(
        "Rebuild the initramfs with your distribution's tool.", needs_root=True
    )
    steps: tuple[PlanStep, ...] = (
        write(
            "/etc/modprobe.d/blacklist-nouveau.conf",
            "blacklist nouveau\noptions nouveau modeset=0\n",
            "keeps nouveau from taking the GPU",
            root=True,
        ),
        rebuild,
        REBOOT,
    )
    return Remedy(summary="Keep nouveau from loading, and reboot", steps=steps)


def load_uvm(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Unified memory and its node."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[PlanStep, ...] = (
        load_module("nvidia_uvm", why="loads the module that CUDA needs"),
        make_device_nodes(why="makes its device nodes"),
        advice("Install the package nvidia-modprobe, which does this at the first use of CUDA."),
    )
    return Remedy(summary="Load nvidia_uvm with `modprobe nvidia_uvm`", steps=steps)


def make_nodes(finding: Finding, facts: Facts) -> Remedy:
    """Device nodes under /dev."""
    if machine.in_container(facts):
        from cudadoctor.remedies.cures.container import start_with_gpu

        return start_with_gpu(finding, facts)
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[PlanStep, ...] = (
        make_device_nodes(why="makes the device nodes"),
        enable_service("nvidia-persistenced", why="makes them at each start"),
    )
    return Remedy(summary="Make the device nodes with nvidia-modprobe", steps=steps)


def join_group(finding: Finding, facts: Facts) -> Remedy:
    """A user who may not open the nodes."""
    path = machine.file_of(finding.subject)
    node = next((one for one in facts.nodes or () if one.path == path), None)
    if machine.in_container(facts):
        return Remedy(
            summary="Start the container as a user who may open the GPU's device nodes",
            steps=(advice("Start the container as root, or with the group that owns the nodes (`--group-add`)."),),
        )
    by_group = node is not None and node.mode & 0o060 == 0o060 and node.gid != 0
    words = (
        f"Ask an administrator to add your user to group {node.gid}, which owns the nodes; then log in again."
        if by_group and node is not None
        else "Ask an administrator to set the driver's default mode 0666 for the device nodes (NVreg_DeviceFileMode)."
    )
    return Remedy(
        summary="Join the group that owns the device nodes" if by_group else "Have the device nodes' mode corrected",
        steps=(advice(words, needs_root=True),),
    )
