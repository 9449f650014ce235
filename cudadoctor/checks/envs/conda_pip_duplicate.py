"""Finds torch installed by conda and by pip in one environment."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PIP_AND_CONDA
from cudadoctor.checks.shared.machine import clean, env_subject, rows
from cudadoctor.facts.envs import EnvFacts

_HEAVY = ("torch", "pytorch", "torchvision", "torchaudio")


@check("CON004", severity=Severity.WARNING)
def conda_pip_duplicate(envs: tuple[EnvFacts, ...]) -> Result:
    """A package is installed twice in one environment, by conda and by pip.

    Why:
        Both write into the same directory. Python imports a mixture of the two, and an update or removal of one
        damages the other.

    How we know:
        One site-packages has records of the same package from both: conda's in conda-meta and pip's dist-info with
        INSTALLER pip.

    Fix:
        Remove pip's copy (`python -m pip uninstall torch`, with the package's name), then let conda install its own
        again (`conda install --force-reinstall pytorch`). A new environment, with torch from one of the two only, is
        the surer way.

    Harmless when:
        Both are of the same version and are left alone.

    Sources:
        https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html
    """
    for env in envs:
        if not env.duplicates:
            continue
        heavy = [name for name in env.duplicates if name in _HEAVY]
        names = ", ".join(clean(name, 40) for name in (heavy or env.duplicates)[:4])
        yield Problem(
            subject=env_subject(env),
            message=f"env `{clean(env.name, 80)}`: {names} installed by conda and by pip",
            evidence=rows(env.torch.seen if env.torch is not None and heavy else None),
            source=PIP_AND_CONDA,
            severity=None if env.active and heavy else Severity.INFO,
        )
