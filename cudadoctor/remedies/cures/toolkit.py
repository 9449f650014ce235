"""Toolkits and compilers."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.facts.toolkit import ToolkitFacts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice, install_packages, point_link


def _named(finding: Finding, facts: Facts) -> ToolkitFacts | None:
    root = _root(finding)
    inventory = facts.toolkit
    return next((one for one in (inventory.toolkits if inventory else ()) if root in (one.real_root, one.root)), None)


def _root(finding: Finding) -> str:
    subject = subjects.parse(finding.subject)
    return subject.root if isinstance(subject, subjects.Toolkit) else finding.subject


def on_path(finding: Finding, facts: Facts) -> Remedy:
    """The toolkit's bin directory on PATH."""
    one = _named(finding, facts)
    root = one.root if one is not None else _root(finding)
    return Remedy(
        summary=f"To compile: put {root}/bin on PATH and set CUDA_HOME to {root}",
        steps=(
            advice(
                f"In your shell's start-up file: add {root}/bin to PATH and export CUDA_HOME={root}.",
                safety="safe",
            ),
        ),
    )


def older_compiler(finding: Finding, facts: Facts) -> Remedy:
    """A host compiler that nvcc accepts, beside the system's own."""
    one = _named(finding, facts)
    limit = one.gcc_max if one is not None else None
    kind = machine.family(facts)
    if limit is None:
        return Remedy(
            summary="Name an older C++ compiler for the build",
            steps=(advice("Install an older C++ compiler and name it in NVCC_CCBIN for the build."),),
        )
    steps: list[PlanStep] = []
    packages = (f"gcc-{limit}", f"g++-{limit}") if kind in ("ubuntu", "debian") else (f"gcc-toolset-{limit}",)
    install = None if kind == "fedora" else install_packages(facts, packages, "a compiler that nvcc accepts")
    steps.append(install or advice(f"Install gcc {limit} beside the compiler that is there."))
    steps.append(
        advice(f"For the build: `export NVCC_CCBIN=g++-{limit}`. Leave the system's own gcc as it is.", safety="safe")
    )
    return Remedy(
        summary=f"Install gcc {limit} beside the system's and name it for the build",
        steps=tuple(steps),
    )


def repoint(finding: Finding, facts: Facts) -> Remedy:
    """A link to a toolkit that is there."""
    link = machine.file_of(finding.subject)
    toolkits = [one for one in (facts.toolkit.toolkits if facts.toolkit is not None else ()) if one.origin == "nvidia"]
    if not toolkits:
        return Remedy(
            summary=f"Remove the link {link}, or install the toolkit that it names",
            steps=(advice(f"Remove {link} as root; nothing is where it points.", needs_root=True),),
        )
    newest = max(toolkits, key=lambda one: (one.version.major, one.version.minor) if one.version else (0, 0))
    steps = (point_link(link, newest.real_root, facts, why="the newest toolkit that is installed"),)
    return Remedy(summary=f"Point {link} at {newest.real_root}", steps=steps)
