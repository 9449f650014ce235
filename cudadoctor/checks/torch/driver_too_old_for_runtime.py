"""Finds a torch whose CUDA is too new for the driver."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.common import env_subject, rows, runtime_served, torch_shown, weight
from cudadoctor.checks.said import said
from cudadoctor.checks.sources import COMPAT, REQUIREMENTS
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("TR001", severity=Severity.ERROR)
def driver_too_old_for_runtime(
    driver: DriverFacts, envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...] | None, os: OsFacts | None
) -> Result:
    """The driver is older than the CUDA runtime inside torch needs.

    Why:
        torch carries its own CUDA runtime. Below the oldest driver for that CUDA version it finds no GPU, whatever
        toolkit is installed.

    Fix:
        Update the driver, or install the torch build for an older CUDA that the driver serves.

    Harmless when:
        The driver is of the runtime's CUDA major (from CUDA 11 on): an older minor version is enough, and silent. So
        is cuda-compat where it is allowed.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    if gpus == () or not driver.loaded:
        return
    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None or torch.live.is_available:
            continue
        served, oldest = runtime_served(driver, torch.cuda, os)
        if served is None:
            yield Unknown(subject=env_subject(env), reason=f"whether the driver serves CUDA {torch.cuda} is not known")
        elif not served:
            needs = f"driver {oldest} or newer" if oldest is not None else f"a driver for CUDA {torch.cuda.major}"
            runs = str(driver.version) if driver.version else f"a driver for CUDA {driver.cuda_version}"
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} carries CUDA {torch.cuda}, which needs {needs}; "
                    f"this machine runs {runs}"
                ),
                evidence=rows(driver.seen, torch.seen),
                source=COMPAT,
                severity=weight(env),
            )


@also(driver_too_old_for_runtime)
def from_container_tools(symptoms: tuple[Symptom, ...]) -> Result:
    """The container tools compared the image's CUDA with the host's driver, and refused."""
    for one in said(symptoms, "container-requirement-unmet"):
        wanted = f"{one.values.get('name', 'cuda')} {one.values.get('version', '')}".strip()
        yield Problem(
            subject="machine",
            message=f"the driver of the host is older than the image asks for: {wanted}",
            evidence=(one.seen,),
            source=REQUIREMENTS,
            confidence=Confidence.CERTAIN,
        )
        return
