"""How containers are started: `docker run` lines, compose files, Dockerfile lines."""

from __future__ import annotations

from msgspec.structs import asdict, fields

from cudadoctor.facts.runtime import ContainerStart, RuntimeFacts
from cudadoctor.intake.draft import Draft
from cudadoctor.parsers import docker_words


def recognise(draft: Draft) -> None:
    """Every start that the text shows."""
    names = {field.name for field in fields(ContainerStart)}
    starts = []
    for one in docker_words.starts(draft.paste.text):
        values = {name: value for name, value in asdict(one).items() if name in names}
        seen = draft.paste.seen(one.line - 1)
        starts.append(ContainerStart(**values, asks_for_gpu=one.asks_for_gpu, seen=seen))
    if starts:
        draft.more["runtime"] = RuntimeFacts(starts=tuple(starts))
