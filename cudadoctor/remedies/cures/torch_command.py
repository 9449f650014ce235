"""How to get the torch that fits: the resolver's commands as steps."""

from __future__ import annotations

import shlex

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.machine import env_of
from cudadoctor.remedies.plan import Run, Step, Tell

_WORDS = Tell(
    text="Install torch, torchvision and torchaudio in one command from one index: the build for the newest CUDA "
    "that this driver serves and that still has code for every GPU here (https://pytorch.org/get-started/locally/)."
)

_OWN = "in an environment of its own"


def install_steps(facts: Facts, env: EnvFacts | None) -> tuple[Step, ...]:
    """Put the torch that fits in the place of an environment's own; in words where none is certain."""
    from cudadoctor.recommend.api import for_facts

    found = for_facts(facts, env)
    if found.verdict not in ("ok", "outdated") or not found.commands:
        reason = found.reasons[0].text if found.reasons else None
        return (_WORDS, Tell(text=reason)) if reason else (_WORDS,)
    floor = _floor(found)
    into_itself = found.commands[0].startswith(("python -m pip ", "uv pip "))
    if env is None or (into_itself and (env.python is None or env.kind in ("system", "pipx"))):
        own = (Run(argv=tuple(shlex.split(line)), why=_OWN, safety="manual") for line in found.commands)
        return (*own, *floor)
    remove = _removal(env) if into_itself else ()
    why = found.reasons[0].text if found.reasons else "the build that this driver and every GPU here can run"
    return (*remove, *(_step(line, env, why) for line in found.commands), *floor)


def _floor(found: Recommendation) -> tuple[Step, ...]:
    """Where the driver is not known: which one the build needs."""
    if found.request.driver is not None or found.request.cuda_driver is not None:
        return ()
    needs = next((one.text for one in found.reasons if one.rule == "driver" and "needs driver" in one.text), None)
    return (Tell(text=f"{needs}; `nvidia-smi` shows which one there is."),) if needs is not None else ()


def _removal(env: EnvFacts) -> tuple[Step, ...]:
    """Without it pip keeps an installed build whose version is the same but for what follows the `+`."""
    company = tuple(name for name in ("torchvision", "torchaudio") if name in env.packages)
    if env.torch is None or env.python is None:
        return ()
    return (
        Run(
            argv=(env.python, "-m", "pip", "uninstall", "-y", "torch", *company),
            why="removes the build that does not fit, and what was built with it",
            safety="safe",
        ),
    )


def _step(line: str, env: EnvFacts, why: str) -> Step:
    """One command line of the resolver, for this environment's own interpreter."""
    words = tuple(shlex.split(line))
    if len(words) > 1 and words[1] == "activate":
        return Tell(text=f"Then: {line}")
    if words[:3] == ("python", "-m", "pip") and env.python is not None:
        words = (env.python, *words[1:])
    elif words[:3] == ("uv", "pip", "install") and env.python is not None:
        words = (*words[:3], "--python", env.python, *words[3:])
    return Run(argv=words, why=why, safety="safe")


def alternative(finding: Finding, facts: Facts) -> tuple[Step, ...]:
    """For a driver that is too old: the build that it can run."""
    if not finding.subject.startswith("env:"):
        return ()
    from cudadoctor.recommend.api import for_facts

    found = for_facts(facts, env_of(finding.subject, facts))
    if found.verdict not in ("ok", "outdated") or found.choice is None or not found.commands:
        return ()
    version = facts.driver.version if facts.driver is not None else None
    shown = f"driver {version}" if version is not None else "this driver"
    build = f"torch {found.choice.torch} with CUDA {found.choice.cuda}" if found.choice.cuda else found.choice.torch
    return (Tell(text=f"Or, without a new driver: {shown} runs {build}; Set up has the command."),)
