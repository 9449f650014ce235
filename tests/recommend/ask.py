"""Short ways to ask, for the tests."""

from __future__ import annotations

import shlex

from cudadoctor.recommend.answer import recommend
from cudadoctor.recommend.model import Choice, Recommendation
from cudadoctor.recommend.request import Words, build


def ask(**words: object) -> Recommendation:
    """The answer to the options of a command line."""
    return recommend(build(Words(**words)))  # type: ignore[arg-type]


def chosen(found: Recommendation) -> Choice:
    """The choice of an answer that has one."""
    assert found.choice is not None, (found.verdict, found.reasons)
    return found.choice


def rules(found: Recommendation) -> set[str]:
    """The rules that gave a reason."""
    return {one.rule for one in found.reasons}


def conda_specs(command: str) -> tuple[list[str], list[str]]:
    """Specs and channels of a conda command line."""
    words = shlex.split(command)[2:]
    specs, channels = [], []
    while words:
        word = words.pop(0)
        if word == "-n":
            words.pop(0)
        elif word == "-c":
            channels.append(words.pop(0))
        elif not word.startswith("-"):
            specs.append(word)
    return specs, channels
