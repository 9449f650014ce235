"""Finds a conda solver that sees no CUDA driver, or too old a one."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CONDA_VIRTUAL
from cudadoctor.checks.shared.machine import clean, rows
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.symptom import Symptom


@check("CON002", severity=Severity.ERROR)
def conda_cuda_virtual_package_missing(symptoms: tuple[Symptom, ...], driver: DriverFacts | None) -> Result:
    """The solver of conda sees no `__cuda`, so it refuses (or leaves out) builds for the GPU.

    Why:
        conda loads libcuda.so.1 and makes a virtual package `__cuda` of the newest CUDA that the driver supports. CUDA
        builds on conda-forge depend on it. On a login node, in `docker build` and in CI there is no driver, so there
        is no `__cuda`; with an old driver it is too low. The solver then takes a CPU build, or says "nothing provides
        __cuda".

    How we know:
        The solver's "nothing provides __cuda needed by pytorch-…", "feature:/linux-64::__cuda==12.2" or "__cuda >=12.8,
        which is missing on the system".

    Fix:
        Tell the solver which CUDA is meant, or repair the driver. See what conda sees: `conda info` lists the virtual
        packages. To install here for a machine that has the driver, set the variable: `CONDA_OVERRIDE_CUDA=12.9 conda
        install -c conda-forge pytorch-gpu` (mamba, micromamba and pixi read it too; pixi also `[system-requirements]
        cuda = "12"`).

        On the machine itself: repair or update the driver first (`nvidia-smi` must work). conda-forge builds torch
        {{conda-forge torch}} for CUDA {{conda-forge cudas}} only. The CUDA 12 build runs on driver {{driver 12.0}} and
        newer; where another package asks for a newer `__cuda` than that driver has, set CONDA_OVERRIDE_CUDA too.

    Harmless when:
        The environment is meant for the CPU.

    Sources:
        https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html
    """
    one = first(symptoms, "conda-nothing-provides-cuda")
    listed = first(symptoms, "conda-cuda-listed")
    if one is None or listed is not None:  # with `__cuda` there, the driver is too old for what was asked
        return
    wanted = clean(one.values.get("wanted"), 20)
    has = f"; the driver supports CUDA {driver.cuda_version}" if driver is not None and driver.cuda_version else ""
    yield Problem(
        subject="machine",
        message=f"conda's solver sees no `__cuda`{f' {wanted}' if wanted else ''} on this machine{has}",
        evidence=rows(one.seen, driver.seen if has and driver is not None else None),
        source=CONDA_VIRTUAL,
        confidence=Confidence.CERTAIN,
    )
