"""Says that the active environment has no torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import active, clean, env_subject
from cudadoctor.facts.envs import EnvFacts


@check("PY010", severity=Severity.INFO)
def torch_not_installed(envs: tuple[EnvFacts, ...]) -> Result:
    """The active environment has no torch.

    Why:
        There is nothing wrong with that: it is said because torch is what this tool looks after.

    How we know:
        The active environment's site-packages has no record of torch, and its Python finds none.

    Fix:
        `cudadoctor recommend` prints the command for this machine. In short: `python -m pip install torch` into a
        virtual environment or a conda environment, from an index for a CUDA that the driver supports; or activate the
        environment that has it.

    Harmless when:
        Always, until something here wants to import torch.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    env = active(envs)
    if env is None:
        if not any(other.torch for other in envs):
            yield Problem(
                subject="machine",
                message="no Python environment with torch was found",
                source=PYTORCH_INSTALL,
            )
        return
    if env.torch is None:
        others = [other for other in envs if other.torch is not None]
        also = f"; env `{clean(others[0].name, 80)}` has it" if others else ""
        yield Problem(
            subject=env_subject(env),
            message=f"torch is not installed in the active env `{clean(env.name, 80)}`{also}",
            source=PYTORCH_INSTALL,
        )
