"""A new environment beside a broken one, which is never touched."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.model import CONDA_FAMILY
from cudadoctor.remedies.plan import Exists, PlanStep, Run, Tell
from cudadoctor.remedies.torch import wanted as builds
from cudadoctor.remedies.torch.install import Rebuilt, device_of, in_order, install, installs
from cudadoctor.remedies.torch.wanted import Wanted

_CONDA_HOST = "conda.anaconda.org"


def beside(finding: Finding, facts: Facts, env: EnvFacts, there: Mapping[str, str], *, same: bool) -> Rebuilt | None:
    """A new environment; the broken one is not touched."""
    wanted = builds.wanted(facts, env, same=same)
    if wanted is None:
        return None
    conda = wanted.choice.manager in CONDA_FAMILY
    prefix = _free(place(facts, env), wanted, {**_known(facts), **there})
    steps = _conda(finding, facts, wanted, prefix) if conda else _venv(finding, env, wanted, prefix)
    if steps is None:
        return None
    enter = _enter(facts, prefix, conda=conda)
    told = PlanStep(
        id=f"{finding.name}-{len(steps) + 1}",
        title=f"Use {prefix} from now on",
        why=f"{env.prefix} stays as it is: remove it yourself when the new one does all that you need",
        action=Tell(text=f"Enter the new environment: `{enter}`. {env.prefix} stays as it is.", safety="safe"),
        needs=(steps[-1].id,),
    )
    others = sorted(
        f"{one.name} {one.version}"
        for one in env.packages.values()
        if one.name not in ("torch", "pytorch", "python", "cudatoolkit", *builds.COMPANIONS)
        and not one.name.startswith(("nvidia-", "cuda"))
    )
    notes = (
        f"{env.prefix} is left as it is, and {prefix} is made beside it"
        + (f"; of torch's company it had {', '.join(others)}" if others else "")
        + ": install there what else you need",
    )
    return Rebuilt(steps=(*steps, told), smoke=prefix, device=device_of(wanted), notes=notes)


def _enter(facts: Facts, prefix: str, *, conda: bool) -> str:
    """The command that activates it, in the user's shell."""
    if conda:
        return f"conda activate {shlex.quote(prefix)}"
    shell = facts.shell.shell if facts.shell is not None else None
    ending = {"fish": ".fish", "tcsh": ".csh", "csh": ".csh"}.get(shell or "", "")
    return f"source {shlex.quote(f'{prefix}/bin/activate{ending}')}"


def place(facts: Facts, env: EnvFacts) -> str:
    """Where an environment beside this one is made; a number comes behind it where that is taken."""
    folder, name = posixpath.split(env.prefix)
    if env.kind == "conda" and facts.conda is not None and env.prefix in facts.conda.roots:
        folder, name = f"{env.prefix}/envs", "base"
    elif env.kind == "pyenv":
        home = facts.shell.home if facts.shell is not None else None
        folder = f"{home}/.venvs" if home else folder
    return f"{folder}/{name}-fixed"


def _free(first: str, wanted: Wanted, there: Mapping[str, str]) -> str:
    """A place that is free, or holds what is wanted already."""
    number, prefix = 1, first
    while there.get(prefix, _what(wanted)) != _what(wanted):
        number += 1
        prefix = f"{first}-{number}"
    return prefix


def _what(wanted: Wanted) -> str:
    return f"{wanted.choice.torch} {wanted.choice.cuda}"


def _known(facts: Facts) -> dict[str, str]:
    """The environments that the facts know, with their torch."""
    found: dict[str, str] = {}
    for env in facts.envs or ():
        torch = env.torch
        cuda = f"{torch.cuda.major}.{torch.cuda.minor}" if torch is not None and torch.cuda is not None else None
        found[env.prefix] = f"{torch.version.partition('+')[0]} {cuda}" if torch is not None else ""
    return found


def _conda(finding: Finding, facts: Facts, wanted: Wanted, prefix: str) -> list[PlanStep] | None:
    words = wanted.commands[0]
    if len(wanted.commands) != 1 or words[1:3] != ("create", "-n"):
        return None
    program = facts.conda.executable if words[0] == "conda" and facts.conda is not None else None
    argv: tuple[str, ...] = (program or words[0], "create", "-y", "-p", prefix, *words[4:])
    blind = facts.libcuda is None or facts.libcuda.outcome != "ok"
    if blind and wanted.choice.cuda and "conda-forge" in wanted.choice.channels[:1]:
        argv = ("env", f"CONDA_OVERRIDE_CUDA={wanted.choice.cuda}", *argv)  # the solver sees no driver now
    home = facts.shell.home if facts.shell is not None else None
    return [
        PlanStep(
            id=f"{finding.name}-1",
            title=f"Make the environment {prefix} with {wanted.title}",
            why=wanted.why,
            action=Run(argv=argv, why=wanted.why, safety="safe"),
            network=(_CONDA_HOST,),
            disk_mib=builds.disk(wanted.choice) + 1000,
            disk_at=prefix,
            done_when=builds.shows(f"{prefix}/bin/python", wanted.choice, companions=False),
            makes=(prefix,),
            touches=(f"{home}/.conda/environments.txt",) if home else (),
        )
    ]


def _venv(finding: Finding, env: EnvFacts, wanted: Wanted, prefix: str) -> list[PlanStep] | None:
    assert env.python is not None
    if not all(installs(words) for words in wanted.commands):
        return None
    argv = ("uv", "venv", "--python", env.python, prefix) if env.kind == "uv" else (env.python, "-m", "venv", prefix)
    made = PlanStep(
        id=f"{finding.name}-1",
        title=f"Make the environment {prefix}",
        why="a new one: the broken one stays as it is",
        action=Run(argv=argv, why=f"an empty environment with the Python of {env.prefix}", safety="safe"),
        done_when=Exists(path=f"{prefix}/bin/python", what="executable"),
        makes=(prefix,),
        disk_mib=50,
        disk_at=prefix,
    )
    return [made, *in_order(install(finding, env, f"{prefix}/bin/python", wanted, number=2), [made])]
