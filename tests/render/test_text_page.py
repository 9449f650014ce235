"""The page of a check as text: nothing is lost, nothing is too wide, and code can be copied."""

from __future__ import annotations

import re

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Check
from cudadoctor.checks.engine.docs import page
from cudadoctor.render.check.text import render_page
from cudadoctor.render.text_draw import Look

CHECKS = registry.all_checks()
WIDTHS = (60, 100)


def _drawn(check: Check, width: int) -> str:
    return render_page(check, Look(width=width, color=False, unicode=True))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_page_has_all_words_and_no_line_is_too_wide(check: Check, width: int) -> None:
    text = _drawn(check, width)
    parts = page(check.doc)
    words = " ".join(text.split())
    for part in (parts.summary, parts.why, parts.known, parts.fix, parts.harmless):
        assert " ".join(part.split()) in words
    for line in text.splitlines():
        # A word alone on its line may be longer than that: an address, a path, a variable's value.
        assert len(line) <= width or " " not in line.strip()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_code_that_fits_on_a_line_stands_on_one(check: Check) -> None:
    lines = _drawn(check, 100).splitlines()
    for code in re.findall(r"`[^`]+`", page(check.doc).fix):
        if len(code) < 96 and "\n" not in code:
            assert any(code in line for line in lines), code


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_marks_of_code_come_in_pairs(check: Check) -> None:
    parts = page(check.doc)
    for part in (parts.summary, parts.why, parts.known, parts.fix, parts.harmless):
        assert all(paragraph.count("`") % 2 == 0 for paragraph in part.split("\n\n"))
