"""A docstring as a page."""

from __future__ import annotations

import re

import pytest

from cudadoctor.checks.engine.docs import page
from cudadoctor.checks.engine.registry import all_checks
from cudadoctor.compat import indexes, torch, torch_builds
from cudadoctor.compat.shown import filled
from cudadoctor.recommend.answer import recommend
from cudadoctor.recommend.request import Words, build

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


def test_pages_take_builds_and_indexes_from_the_tables() -> None:
    """A page that names an index by hand can differ from what `recommend` says."""
    by_hand = re.compile(r"download\.pytorch\.org/whl/cu\d+")
    fixed = {"known-bad-torch-release"}  # about one release, with its own index
    for one in all_checks():
        raw = one.rule.__doc__ or ""
        assert one.name in fixed or not by_hand.search(raw), one.name
        assert "{{" not in one.doc, one.name


def test_every_index_that_a_page_names_has_a_build() -> None:
    known = {
        indexes.index_url(build.tag) for release in torch.releases() for build in torch_builds.builds(release.torch)
    }
    named = re.compile(r"https://download\.pytorch\.org/whl/cu\d+")
    found = {address for one in all_checks() for address in named.findall(one.doc)}
    assert found
    assert found <= known


def test_pages_say_what_recommend_says() -> None:
    """The same build for an old GPU, from the page and from the resolver."""
    pascal = recommend(build(Words(gpus=("GTX 1080 Ti",), driver="580.65.06")))
    page_ = next(one.doc for one in all_checks() if one.name == "arch-not-in-build-gpu-older")
    assert pascal.choice is not None
    assert str(pascal.choice.index_url) in page_
    kepler = recommend(build(Words(gpus=("Tesla K80",), driver="470.82.01")))
    assert kepler.choice is not None
    assert f"torch {kepler.choice.torch}" in page_
    assert str(kepler.choice.index_url) in page_
    audio = recommend(build(Words(torch="latest", packages="torchaudio")))
    assert audio.choice is not None
    page_ = next(one.doc for one in all_checks() if one.name == "torchaudio-torch-mismatch")
    assert f"torchaudio {audio.choice.torchaudio}" in page_


def test_a_place_without_a_value_is_an_error() -> None:
    assert filled("torch {{conda-last}}") == "torch 2.5.1"
    with pytest.raises(KeyError):
        filled("{{nonsense}}")
