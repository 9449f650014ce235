"""Finds a conda package that the asked channels do not have."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CONDA_CHANNELS
from cudadoctor.checks.shared.machine import clean
from cudadoctor.checks.shared.messages import every, first
from cudadoctor.facts.envs import CondaFacts
from cudadoctor.facts.symptom import Symptom


@check("CON005", severity=Severity.ERROR)
def conda_package_not_in_channel(symptoms: tuple[Symptom, ...], conda: CondaFacts | None) -> Result:
    """A package or version was asked of conda that none of its channels has.

    Why:
        Each channel has its own set: `cudatoolkit` ends with 11.8 and lives in defaults, conda-forge and, for some
        versions, nvidia; `pytorch-cuda` exists for 11.6, 11.7, 11.8, 12.1 and 12.4, in the channel pytorch; the channel
        pytorch ends with torch 2.5.1; older files are there only for the Pythons of their time and for linux-64.
        With --override-channels, strict priority or a mirror even less is seen.

    How we know:
        conda's "PackagesNotFoundError: The following packages are not available from current channels" or
        "ResolvePackageNotFound", mamba's "does not exist (perhaps a typo or a missing channel)" or "nothing provides
        requested".

    Fix:
        `conda search -c pytorch -c nvidia -c conda-forge 'cudatoolkit'` shows what there is; name a version from that
        list, and the channel that has it. `cudadoctor recommend --manager conda` prints a line whose packages exist.

        For torch newer than 2.5: conda-forge (`conda install -c conda-forge pytorch-gpu`) or pip's wheels. A name that
        is only on PyPI is installed with pip, inside the environment.

    Harmless when:
        Never: nothing was installed.

    Sources:
        https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html
    """
    one = first(symptoms, "conda-package-not-found")
    if one is None:
        return
    channels = f" ({', '.join(clean(name, 40) for name in conda.channels[:5])})" if conda and conda.channels else ""
    what = next(
        (clean(met.values["package"], 60) for met in every(symptoms, one.kind) if "package" in met.values), None
    )
    yield Problem(
        subject="machine",
        message=f"conda did not find {what or 'what it was asked for'} in its channels{channels}",
        evidence=(one.seen,),
        source=CONDA_CHANNELS,
    )
