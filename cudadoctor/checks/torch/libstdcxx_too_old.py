"""Finds a torch that is given too old a libstdc++."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import env_subject, torch_shown, weight
from cudadoctor.checks.live import GLIBCXX, live_seen, started
from cudadoctor.checks.sources import PYTORCH_INSTALL
from cudadoctor.facts.envs import EnvFacts


@check("PY012", severity=Severity.ERROR)
def libstdcxx_too_old(envs: tuple[EnvFacts, ...]) -> Result:
    """The libstdc++ that is loaded is older than torch needs.

    Why:
        An environment or LD_LIBRARY_PATH brings a libstdc++ that is older than the system's, and it is loaded first.

    Fix:
        In a conda environment install a newer one (`conda install -c conda-forge libstdcxx-ng`); else take the
        directory that brings the old one out of LD_LIBRARY_PATH.

    Harmless when:
        Never: torch cannot be imported.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env, torch in started(envs, "import-error"):
        match = GLIBCXX.search(torch.live.error or "")
        if match:
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} needs {match.group(1)}, which the loaded libstdc++ does not have",
                evidence=(live_seen(torch),),
                source=PYTORCH_INSTALL,
                severity=weight(env),
            )
