"""The resolver for the rest of the program."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.answer import recommend
from cudadoctor.recommend.detect import from_facts
from cudadoctor.recommend.model import Recommendation

__all__ = ["for_facts", "recommend"]


def for_facts(facts: Facts, env: EnvFacts | None = None) -> Recommendation:
    """The install command for a machine and one of its environments (default: the active one)."""
    return recommend(from_facts(facts, env))
