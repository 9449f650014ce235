"""Cures between the kernel and the start: keys, headers, builds that failed, switched-off GPUs, a broken resume."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.kernel import DkmsModule
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.driver.packages import signed_module
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.step_parts import apt_install
from cudadoctor.remedies.steps import (
    REBOOT,
    advice,
    build_modules,
    choose_gpu,
    enable_service,
    enrol,
    load_module,
    unload_module,
    write,
)


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
    steps: list[PlanStep] = []
    if reason == "no-space":
        steps.append(advice("Make room on the disk: `df -h` shows which file system is full."))
        summary = "Make room on the disk and build the module again"
    elif reason in ("compiler-missing", "compiler-differs"):
        steps.append(
            advice(
                "Install the compiler that built the kernel: `cat /proc/version` names it (on Ubuntu 22.04 with "
                "the HWE kernel: gcc-12).",
                needs_root=True,
            )
        )
        summary = "Install the compiler that built the kernel, and build the module again"
    else:
        steps += [
            advice(f"Read the first line with `error` in {log}."),
            advice(
                "If it speaks of functions or members that are unknown, the driver is too old for this kernel: "
                "install a newer driver branch, or start the previous kernel and stay on it.",
                needs_root=True,
            ),
        ]
        summary = "Install a driver that fits this kernel, or start the previous kernel"
    if kernel:
        steps.append(build_modules(kernel, why="builds the module for this kernel"))
    else:
        steps.append(advice("Build it again: `dkms autoinstall` as root.", needs_root=True))
    steps.append(load_module("nvidia", why="loads it"))
    return Remedy(summary=summary, steps=tuple(steps))


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
    steps: tuple[PlanStep, ...] = (
        enrol(key, why="asks for a password, and queues the key for the next start")
        if key
        else advice("Enrol the key that signs the module: `mokutil --import` with its file.", needs_root=True),
        advice(
            "Reboot; at the blue screen choose Enroll MOK, Continue, Yes, and give that password. It appears "
            "once, and on the machine's own screen only.",
            needs_root=True,
        ),
        advice(f"Without access to that screen: {instead}", needs_root=True),
    )
    return Remedy(
        summary="Enrol the key that the module is signed with, or switch Secure Boot off",
        steps=steps,
    )


def prebuilt(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Ubuntu's prebuilt module for the running kernel."""
    there = elsewhere(facts)
    if there is not None:
        return there
    kernel = facts.os.kernel if facts.os is not None else None
    version = facts.driver.library_version if facts.driver is not None else None
    step = advice(
        "Install the linux-modules-nvidia package of your driver's branch for the running kernel.", needs_root=True
    )
    if kernel and version is not None and machine.family(facts) == "ubuntu":
        package = f"linux-modules-nvidia-{version.branch}-{kernel}"
        step = apt_install("", f"install {package}", (package,), "the module for this kernel", disk_mib=1500)
    steps = (
        step,
        load_module("nvidia", why="loads it"),
        advice(
            "So that the next kernel brings its module: install the package that ends in the kernel's flavour "
            "(-generic, -aws, -azure …) as well. Branches named server or open have that word in the package's name."
        ),
    )
    return Remedy(summary="Install the prebuilt nvidia module for the running kernel", steps=steps)


def switch_on(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The GPU on demand, by prime-select."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[PlanStep, ...] = (
        choose_gpu("on-demand", why="the display stays on the integrated GPU, and CUDA works"),
        REBOOT,
    )
    return Remedy(summary="Switch the GPU on with `prime-select on-demand`", steps=steps)


def reload_uvm(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A module that a resume broke."""
    there = elsewhere(facts)
    if there is not None:
        return there
    steps: tuple[PlanStep, ...] = (
        advice("End every program that uses CUDA (notebooks, too)."),
        unload_module("nvidia_uvm", why="unloads the broken module; if it is in use, reboot instead"),
        load_module("nvidia_uvm", why="loads it anew", again=True),
        write(
            "/etc/modprobe.d/nvidia-power-management.conf",
            "options nvidia NVreg_PreserveVideoMemoryAllocations=1\n",
            "so that the next suspend keeps the GPU's memory",
            root=True,
        ),
        enable_service(
            *("nvidia-suspend", "nvidia-resume", "nvidia-hibernate"),
            why="the services that save and restore it",
            now=False,
        ),
    )
    return Remedy(summary="Unload and load nvidia_uvm, or reboot", steps=steps)
