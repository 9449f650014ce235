"""What the rules over messages share: finding them, and the environment that they are taken to be about."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.checks.common import active, clean, env_subject, torch_shown
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.versions import ComputeCapability


def told(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Iterator[Symptom]:
    """The messages of these kinds, in their order."""
    return (one for one in symptoms or () if one.kind in kinds)


def first(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Symptom | None:
    """The first of these kinds."""
    return next(told(symptoms, *kinds), None)


def value(symptoms: tuple[Symptom, ...] | None, kind: str, name: str) -> str | None:
    """A value of the first message of this kind that has it."""
    return next((one.values[name] for one in told(symptoms, kind) if name in one.values), None)


def about(envs: tuple[EnvFacts, ...] | None) -> EnvFacts | None:
    """The environment that a message without a name is about: the active one, where it has a torch."""
    env = active(envs or ())
    return env if env is not None and env.torch is not None else None


def torch_of(envs: tuple[EnvFacts, ...] | None) -> TorchFacts | None:
    """Its torch."""
    env = about(envs)
    return env.torch if env is not None else None


def subject(envs: tuple[EnvFacts, ...] | None) -> str:
    """`env:/prefix` of the active environment, else the machine: the same as the rules over facts have."""
    env = active(envs or ())
    return env_subject(env) if env is not None else "machine"


def shown(envs: tuple[EnvFacts, ...] | None) -> str:
    """`torch 2.9.1 in env `x``, or `torch` where no more is known."""
    env = about(envs)
    if env is None or env.torch is None or not env.torch.version[:1].isdigit():
        return "torch"
    return torch_shown(env, env.torch)


def capability(text: str | None) -> ComputeCapability | None:
    """`120`, `8.6` or `sm_86`."""
    digits = clean(text, 12).removeprefix("sm_").replace(".", "")
    if not digits.isascii() or not digits.isdigit() or not 2 <= len(digits) <= 3:
        return None
    return ComputeCapability(int(digits[:-1]), int(digits[-1]))
