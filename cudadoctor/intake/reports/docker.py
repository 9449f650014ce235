"""docker: command lines, compose files and daemon messages, by the parser of container words where it is there."""

from __future__ import annotations

from cudadoctor.intake.draft import Draft


def recognise(draft: Draft) -> None:
    """Nothing yet: the messages are symptoms, and the words of command lines have no facts of their own so far."""
    del draft
