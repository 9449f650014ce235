"""What is done in Windows, and what inside WSL."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver.elsewhere import elsewhere
from cudadoctor.remedies.machine import family, file_of
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice, remove_packages, update_loader_cache


def windows_side(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """The driver or the WSL of Windows."""
    return elsewhere(facts) or Remedy(
        summary="Update the NVIDIA driver of Windows and WSL itself",
        steps=(advice("In Windows: install the newest NVIDIA driver, then `wsl --update` and `wsl --shutdown`."),),
    )


def to_wsl2(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """WSL 1 to WSL 2."""
    return Remedy(
        summary="Convert this distribution to WSL 2",
        steps=(
            advice("In a Windows terminal: `wsl -l -v` lists the distributions with their WSL version."),
            advice("Then `wsl --set-version` with this distribution's name and the number 2, and `wsl --shutdown`."),
        ),
    )


def remove_linux_driver(finding: Finding, facts: Facts) -> Remedy:
    """The Linux driver packages that hide the library of Windows."""
    path = file_of(finding.subject)
    steps: tuple[PlanStep, ...]
    if family(facts) in ("ubuntu", "debian"):
        steps = (
            remove_packages(
                ("^nvidia-driver-.*", "^libnvidia-compute-.*", "^cuda-drivers.*"),
                "WSL uses the driver of Windows; the toolkit stays",
            ),
            update_loader_cache(why="the loader forgets what was removed"),
        )
    else:
        steps = (
            advice(
                "Remove the Linux driver packages with the package manager; the CUDA toolkit may stay.",
                needs_root=True,
            ),
            update_loader_cache(why="the loader forgets what was removed"),
        )
    after = advice(f"If {path} is still there and no package owns it: move it away.")
    return Remedy(
        summary="Remove the Linux driver packages from WSL, which uses the driver of Windows",
        steps=(*steps, after),
    )
