"""Ways in which a pasted text starts containers → facts."""

from __future__ import annotations

from cudadoctor.facts.runtime import ContainerStart
from cudadoctor.facts.seen import Seen
from cudadoctor.parsers import docker_words


def container_starts(text: str) -> tuple[ContainerStart, ...]:
    """Every `docker run` line, compose file and Dockerfile setting in the text, for `RuntimeFacts.starts`."""
    rows = text.splitlines()
    return tuple(
        ContainerStart(
            engine=one.engine,
            image=one.image,
            gpus=one.gpus,
            runtime=one.runtime,
            env=one.env,
            shm_size=one.shm_size,
            ipc=one.ipc,
            ulimits=one.ulimits,
            privileged=one.privileged,
            devices=one.devices,
            security_opts=one.security_opts,
            command=one.command,
            asks_for_gpu=one.asks_for_gpu,
            seen=Seen(where=f"line {one.line}", text=_excerpt(rows, one.line)),
        )
        for one in docker_words.starts(text)
    )


def _excerpt(rows: list[str], line: int) -> str:
    text = rows[line - 1] if 0 < line <= len(rows) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:200]
