"""Pasted text → Facts."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.intake import paste as pastes
from cudadoctor.intake.draft import Draft
from cudadoctor.intake.messages import find
from cudadoctor.intake.recognise import recognise


def facts(data: bytes | str, *, left_out: bool = False) -> Facts:
    """What the text tells of the machine that it came from; what it does not tell is not known."""
    paste = pastes.read(data, left_out=left_out)
    draft = Draft(paste)
    recognise(draft)
    for note in paste.notes:
        draft.gap("paste", note)
    return replace(draft.facts(), symptoms=find.in_paste(paste))
