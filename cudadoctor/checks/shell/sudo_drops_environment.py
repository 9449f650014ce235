"""Says that this runs under sudo, without the user's environment."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SUDO
from cudadoctor.checks.shared.machine import active, seen
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.system import OsFacts


@check("SH002", severity=Severity.INFO)
def sudo_drops_environment(shell: ShellFacts, os: OsFacts, envs: tuple[EnvFacts, ...]) -> Result:
    """This runs under sudo, which drops the user's environment: what is found is root's, not the user's.

    Why:
        sudo gives the command a fresh PATH and takes away LD_LIBRARY_PATH, CUDA_HOME, VIRTUAL_ENV and CONDA_PREFIX.
        `sudo python` is then another Python, without the torch that is installed for the user.

    How we know:
        The process is root's, SUDO_USER is set, and neither VIRTUAL_ENV nor CONDA_PREFIX nor an environment with torch
        is there.

    Fix:
        Run it without sudo: CUDA and torch need no root. Where root is really needed, name the interpreter in full:
        `sudo /path/of/env/bin/python`.

    Harmless when:
        Only the driver is being looked at.

    Sources:
        https://man7.org/linux/man-pages/man5/sudoers.5.html
    """
    named = shell.variables
    if os.uid != 0 or os.container is not None or not named.get("SUDO_USER"):
        return
    env = active(envs)
    if named.get("VIRTUAL_ENV") or named.get("CONDA_PREFIX") or (env is not None and env.torch is not None):
        return
    yield Problem(
        subject="var:SUDO_USER",
        message="this runs under sudo, so the user's PATH and environments are not looked at",
        evidence=(seen("SUDO_USER", "set"),),
        source=SUDO,
    )
