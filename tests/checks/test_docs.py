"""A docstring as a page."""

from __future__ import annotations

from cudadoctor.checks.engine.docs import page

DOC = """The summary.

    Why:
        One line
        and another.

        A second paragraph.

    Fix:
        Do `this: that`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/a
        https://docs.nvidia.com/b
    """


def test_sections_are_taken_apart() -> None:
    found = page(DOC)
    assert found.summary == "The summary."
    assert found.why == "One line and another.\n\nA second paragraph."
    assert found.fix == "Do `this: that`."
    assert found.harmless == "Never."
    assert found.sources == ("https://docs.nvidia.com/a", "https://docs.nvidia.com/b")


def test_a_missing_section_is_empty() -> None:
    assert page("Only this.").fix == ""
    assert page("").summary == ""
