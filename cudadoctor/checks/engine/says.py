"""What a check declares of messages: those that mean its cause by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cudadoctor.checks.engine.base import Problem, Says
from cudadoctor.checks.shared.machine import active, clean, env_subject
from cudadoctor.checks.shared.messages import quoted
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom

_MOST_QUOTED = 3


def problems(
    messages: tuple[Says, ...], symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None
) -> Iterator[Problem]:
    """A problem for each declared message that is there."""
    kinds = {one.kind for one in symptoms}
    for declared in messages:
        if kinds.intersection(declared.unless) or (declared.beside and not kinds.intersection(declared.beside)):
            continue
        found = [one for one in symptoms if one.kind in declared.kinds]
        if not found:
            continue
        beside = [one for one in symptoms if one.kind in declared.beside][:1]
        env = active(envs or ()) if declared.subject == "env" else None
        values = defaultdict(lambda: "?", {name: clean(text, 80) for name, text in found[0].values.items()})
        yield Problem(
            subject=env_subject(env) if env is not None else "machine",
            message=declared.message.format_map(values),
            evidence=tuple(quoted(one) for one in (*found[:_MOST_QUOTED], *beside)),
            source=declared.source,
            severity=declared.severity,
            confidence=declared.confidence,
        )
