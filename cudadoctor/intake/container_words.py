"""Ways in which a pasted text starts containers → facts."""

from __future__ import annotations

from collections.abc import Callable

from cudadoctor.facts.runtime import ContainerStart
from cudadoctor.facts.seen import Seen
from cudadoctor.parsers import docker_words

_WORDS = ("docker", "podman", "nerdctl", "nvidia", "ENV NVIDIA_")


def container_starts(text: str, seen: Callable[[int], Seen] | None = None) -> tuple[ContainerStart, ...]:
    """Every `docker run` line, compose file and Dockerfile setting in the text, for `RuntimeFacts.starts`.

    `seen` makes the evidence of a line, by its index from 0.
    """
    if not any(word in text for word in _WORDS):
        return ()
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
            seen=seen(one.line - 1) if seen else Seen(where=f"line {one.line}", text=_excerpt(rows, one.line)),
        )
        for one in docker_words.starts(text)
    )


def _excerpt(rows: list[str], line: int) -> str:
    text = rows[line - 1] if 0 < line <= len(rows) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:200]
