"""How to get the torch that fits: the resolver's commands as steps."""

from __future__ import annotations

import shlex

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.machine import env_of
from cudadoctor.remedies.plan import PlanStep, Run
from cudadoctor.remedies.steps import advice, run

_WORDS = advice(
    "Install torch, torchvision and torchaudio in one command from one index: the build for the newest CUDA "
    "that this driver supports and that still has code for every GPU here (https://pytorch.org/get-started/locally/)."
)

_OWN = "in a separate environment"


def install_steps(facts: Facts, env: EnvFacts | None) -> tuple[PlanStep, ...]:
    """Put the torch that fits in the place of an environment's own; in words where none is certain."""
    from cudadoctor.recommend.api import for_facts

    found = for_facts(facts, env)
    if found.verdict not in ("ok", "outdated") or not found.commands:
        reason = found.reasons[0].text if found.reasons else None
        return (_WORDS, advice(reason)) if reason else (_WORDS,)
    floor = _floor(found)
    into_itself = found.commands[0].startswith(("python -m pip ", "uv pip "))
    if env is None or (into_itself and (env.python is None or env.kind in ("system", "pipx"))):
        own = (_by_hand(line, _build(found)) for line in found.commands)
        return (*own, *floor)
    remove = _removal(env) if into_itself else ()
    why = found.reasons[0].text if found.reasons else "the build that this driver and every GPU here can run"
    return (*remove, *(_step(line, env, why, _build(found)) for line in found.commands), *floor)


def _floor(found: Recommendation) -> tuple[PlanStep, ...]:
    """Where the driver is not known: which one the build needs."""
    if found.request.driver is not None or found.request.cuda_driver is not None:
        return ()
    about = (one.text for one in found.reasons if one.rule == "driver" and "needs driver" in one.text)
    needs = next((text.partition("; ")[0] for text in about), None)
    return (advice(f"{needs}; `nvidia-smi` shows which one there is."),) if needs is not None else ()


def _removal(env: EnvFacts) -> tuple[PlanStep, ...]:
    """Without it pip keeps an installed build whose version is the same but for what follows the `+`."""
    company = tuple(name for name in ("torchvision", "torchaudio") if name in env.packages)
    if env.torch is None or env.python is None:
        return ()
    return (
        run(
            (env.python, "-m", "pip", "uninstall", "-y", "torch", *company),
            "removes the build that does not fit, and what was built with it",
            "remove the build that does not fit",
        ),
    )


def _step(line: str, env: EnvFacts, why: str, build: str) -> PlanStep:
    """One command line of the resolver, for this environment's own interpreter."""
    words = tuple(shlex.split(line))
    if len(words) > 1 and words[1] == "activate":
        return advice(f"Then: {line}")
    if words[:3] == ("python", "-m", "pip") and env.python is not None:
        words = (env.python, *words[1:])
    elif words[:3] == ("uv", "pip", "install") and env.python is not None:
        words = (*words[:3], "--python", env.python, *words[3:])
    return run(words, why, _title(words, build))


def _by_hand(line: str, build: str) -> PlanStep:
    """Where it is to go is for the user to say."""
    words = tuple(shlex.split(line))
    return PlanStep(id="", title=_title(words, build), why=_OWN, action=Run(argv=words, why=_OWN, safety="manual"))


def _title(words: tuple[str, ...], build: str) -> str:
    if words[1:3] == ("create", "-n") and len(words) > 3:
        return f"make the environment {words[3]}"
    return f"install {build}"


def _build(found: Recommendation) -> str:
    """`torch 2.9.1 with CUDA 13.0`."""
    if found.choice is None:
        return "torch"
    cuda = f"with CUDA {found.choice.cuda}" if found.choice.cuda else "for the CPU"
    return f"torch {found.choice.torch} {cuda}"


def alternative(finding: Finding, facts: Facts) -> tuple[PlanStep, ...]:
    """For a driver that is too old: the build that it can run."""
    if not isinstance(subjects.parse(finding.subject), subjects.Env):
        return ()
    from cudadoctor.recommend.api import for_facts

    found = for_facts(facts, env_of(finding.subject, facts))
    if found.verdict not in ("ok", "outdated") or found.choice is None or not found.commands:
        return ()
    version = facts.driver.version if facts.driver is not None else None
    shown = f"driver {version}" if version is not None else "this driver"
    build = _build(found)
    lines = "".join(f"\n    {line}" for line in found.commands if " activate " not in line)
    text = f"Without a new driver (no root, no reboot): {shown} runs {build}. In a separate environment:{lines}"
    return (advice(f"{text}\nOr change the driver:", title=f"take {build} instead", safety="safe"),)
