"""Says that Anaconda's channels ask for an agreement first."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CONDA_TERMS
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.symptom import Symptom


@check("CON003", severity=Severity.ERROR)
def conda_defaults_tos(symptoms: tuple[Symptom, ...]) -> Result:
    """Nothing is installed by conda because the terms of Anaconda's channels were not accepted.

    Why:
        Since July 2025 the conda of Anaconda and Miniconda asks that the Terms of Service of `defaults` (pkgs/main,
        pkgs/r, msys2) be accepted. In CI and in `docker build` nobody answers, and it ends with
        CondaToSNonInteractiveError. Organisations above a certain size need a licence for these channels.

    How we know:
        conda's own words: "CondaToSNonInteractiveError: Terms of Service have not been accepted for the following
        channels".

    Fix:
        Without these channels: `conda create -n ml --override-channels -c conda-forge python=3.12`, and for good `conda
        config --remove channels defaults` with `conda config --add channels conda-forge`; or install Miniforge, which
        never uses them.

        To accept, which is your decision or your organisation's: `conda tos accept --override-channels --channel
        https://repo.anaconda.com/pkgs/main` (and pkgs/r), in CI the variable CONDA_PLUGINS_AUTO_ACCEPT_TOS=yes.

    Harmless when:
        All packages come from conda-forge, as with Miniforge, pixi and micromamba.

    Sources:
        https://www.anaconda.com/docs/getting-started/tos-plugin
    """
    one = first(symptoms, "conda-terms-not-accepted")
    if one is not None:
        yield Problem(
            subject="machine",
            message="conda installs nothing: the Terms of Service of Anaconda's channels were not accepted",
            evidence=(one.seen,),
            source=CONDA_TERMS,
        )
