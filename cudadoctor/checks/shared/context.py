"""What the place that a report comes from excludes, and what was tried there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cudadoctor.facts.seen import Seen

if TYPE_CHECKING:
    from cudadoctor.facts.context import Attempt, ContextFacts, Tried
    from cudadoctor.facts.driver import SmiFacts
    from cudadoctor.facts.envs import EnvFacts
    from cudadoctor.facts.symptom import Symptom

_ENGINES_WITH_OWN_DEVICES = ("apptainer", "kubernetes", "enroot")
"""A report that names these comes from inside them; a word about docker may be about anything."""
_NO_GPU = ("program-finds-no-gpu", "smi-no-devices", "cuda-error-100", "no-nvidia-driver")
"""Messages of a program that reaches no GPU."""


def attempt(context: ContextFacts | None, what: Tried) -> Attempt | None:
    """What was tried of that kind, and did not help."""
    return None if context is None else next((one for one in context.tried if one.what == what), None)


def session_decides(context: ContextFacts | None) -> bool:
    """Whether a missing GPU is a matter of what this session was given, and not of the machine's driver."""
    if context is None:
        return False
    return (
        context.step is not None or context.gpus_elsewhere is not None or context.container in _ENGINES_WITH_OWN_DEVICES
    )


def reaches_no_gpu(
    symptoms: tuple[Symptom, ...] | None, smi: SmiFacts | None, envs: tuple[EnvFacts, ...] | None
) -> tuple[Seen, ...]:
    """Where the text shows that a program reaches no GPU: nvidia-smi lists none, an error 100, or torch says False."""
    found = [one.seen for one in symptoms or () if one.kind in _NO_GPU]
    if smi is not None and smi.seen is not None and "no devices were found" in (smi.message or "").lower():
        found.append(smi.seen)
    for env in envs or ():
        torch = env.torch
        if torch is not None and torch.live.is_available is False and torch.build != "cpu" and torch.hip is None:
            found.append(torch.seen)
    return tuple(dict.fromkeys(found))
