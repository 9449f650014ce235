"""How containers are started: `docker run` lines, compose files, Dockerfile lines."""

from __future__ import annotations

from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.intake.draft import Draft
from cudadoctor.parsers import docker_words


def recognise(draft: Draft) -> None:
    """Every start that the text shows."""
    starts = docker_words.starts(draft.paste.text, lambda number: draft.paste.seen(number - 1))
    if starts:
        draft.more["runtime"] = RuntimeFacts(starts=starts)
