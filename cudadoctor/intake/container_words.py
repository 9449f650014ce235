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
    return docker_words.starts(text, (lambda number: seen(number - 1)) if seen else None)
