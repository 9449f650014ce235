"""A part of the driver that is missing, or a program of it that dies."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice


def part(finding: Finding, facts: Facts) -> Remedy:
    """A part of the driver that was left out: nvidia-smi, or libcuda."""
    tool = finding.name == "nvidia-smi-missing"
    if machine.under_wsl(facts):
        where = "PATH" if tool else "the loader's path"
        return Remedy(
            summary=f"Put /usr/lib/wsl/lib on {where}, or update the NVIDIA driver of Windows",
            steps=(
                advice("Look whether /usr/lib/wsl/lib holds the file. If not: update the NVIDIA driver of Windows."),
                advice("If it does: add /usr/lib/wsl/lib to PATH." if tool else "If it does: run `ldconfig` as root."),
            ),
        )
    if machine.in_container(facts):
        from cudadoctor.remedies.cures.container import start_with_gpu

        return start_with_gpu(finding, facts)
    what = "nvidia-smi" if tool else "libcuda"
    driver = facts.driver.version if facts.driver is not None else None
    ubuntu = "nvidia-utils" if tool else "libnvidia-compute"
    if driver is not None:
        ubuntu = f"{ubuntu}-{driver.branch} ({ubuntu}-{driver.branch}-server where the driver is a -server one)"
    package = {
        "ubuntu": ubuntu,
        "debian": "nvidia-smi" if tool else "libcuda1",
        "rhel": "nvidia-driver-cuda",
        "fedora": "xorg-x11-drv-nvidia-cuda (with NVIDIA's own packages: nvidia-driver-cuda)",
        "arch": "nvidia-utils",
    }.get(machine.family(facts))
    named = f"the package {package}" if package is not None else f"the driver's package with {what}"
    steps: tuple[PlanStep, ...] = (advice(f"Install {named}, of the installed driver's version.", needs_root=True),)
    if not tool:
        steps = (*steps, advice("If the file is there already: run `ldconfig` as root.", needs_root=True))
    return Remedy(summary=f"Install the driver's package with {what}", steps=steps)


def without_variables(finding: Finding, facts: Facts) -> Remedy:
    """A program of the driver, or one that uses it, that dies or prints garbage."""
    torch = finding.name.startswith("torch")
    program = 'python -c "import torch; torch.cuda.init()"' if torch else "nvidia-smi"
    first = advice(
        f"Without the variables that bring other libraries: `env -u LD_LIBRARY_PATH -u LD_PRELOAD {program}`. "
        "If that works: take the offending directory out of them.",
        safety="safe",
    )
    there = elsewhere(facts)
    rest = there.steps if there is not None else (advice("If not: reinstall the driver and reboot.", needs_root=True),)
    return Remedy(summary="Try it without LD_LIBRARY_PATH; if it stays so, look at the driver", steps=(first, *rest))
