"""How containers are started: `docker run` lines, compose files, Dockerfile lines."""

from __future__ import annotations

from msgspec.structs import asdict

from cudadoctor.facts.runtime import ContainerStart, RuntimeFacts
from cudadoctor.intake.draft import Draft
from cudadoctor.parsers import docker_words


def recognise(draft: Draft) -> None:
    """Every start that the text shows."""
    starts = []
    for one in docker_words.starts(draft.paste.text):
        values = asdict(one)
        line = values.pop("line")
        starts.append(ContainerStart(**values, asks_for_gpu=one.asks_for_gpu, seen=draft.paste.seen(line - 1)))
    if starts:
        draft.more["runtime"] = RuntimeFacts(starts=tuple(starts))
