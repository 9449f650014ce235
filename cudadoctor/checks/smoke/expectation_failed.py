"""Says that this machine is not what its owner expects."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Source, check
from cudadoctor.checks.shared.expectations import Here, found, holds
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.expected import Expectation
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.toolkit import ToolkitInventory

SPECIFIERS = Source(
    title="Python packaging: version specifiers",
    url="https://packaging.python.org/en/latest/specifications/version-specifiers/",
    read_on="2026-12-01",
)


@check("CI002", severity=Severity.ERROR)
def expectation_failed(  # noqa: PLR0917  its parameters are facts
    expected: tuple[Expectation, ...],
    gpus: tuple[GpuFacts, ...] | None,
    driver: DriverFacts | None,
    toolkit: ToolkitInventory | None,
    envs: tuple[EnvFacts, ...] | None,
    shell: ShellFacts | None,
) -> Result:
    """The machine differs from what `cudadoctor.toml` or `--expect` says it must have.

    Why:
        A job that needs eight GPUs and gets seven, or CUDA 13 and gets 12, fails later and says less. A green job that
        tested nothing is worse.

    How we know:
        Each expectation is compared with what was found: numbers of GPUs, names, versions as PEP 440 compares them, and
        memory in MiB. What could not be determined is not met.

    Fix:
        Repair the machine: the other findings say what is broken. If the expectation is out of date, change it;
        `cudadoctor expect` writes one from a good machine.

    Harmless when:
        The expectation was meant for another machine.

    Sources:
        https://packaging.python.org/en/latest/specifications/version-specifiers/
    """
    here = Here(gpus=gpus, driver=driver, toolkit=toolkit, envs=envs, shell=shell)
    for one in expected:
        values = found(one, here)
        if not holds(one, values):
            shown = "not known" if values is None else ", ".join(dict.fromkeys(values)) or "none"
            yield Problem(
                subject=str(Var(one.wanted)) if one.key in ("require", "forbid") else "machine",
                message=f"expected {one.key} = {one.wanted}; found {shown}",
                evidence=rows(seen(one.origin, f"{one.key} = {one.wanted}")),
                source=SPECIFIERS,
            )
