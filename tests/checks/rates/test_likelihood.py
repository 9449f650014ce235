"""The function that ranks causes, and the one that chooses a question, by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.checks.engine.likelihood import Likely, Question, Sign, best_question, information, rank, stands_out
from cudadoctor.compat.source import Source

SOURCE = Source(title="made", url="https://example.org/", read_on="2026-12-01")


def sign(kind: str, **causes: float) -> Sign:
    return Sign(kinds=(kind,), causes=causes, source=SOURCE)


def likely(**shares: float) -> tuple[Likely, ...]:
    return tuple(
        Likely(name=name, share=share, signs=(), circumstances=(), source=SOURCE) for name, share in shares.items()
    )


def test_the_commonest_comes_first_and_shares_keep_room_for_what_no_table_lists() -> None:
    ranked = rank([sign("dark", fuse=60, bulb=20)], {"dark"}, {})
    assert [one.name for one in ranked] == ["fuse", "bulb"]
    assert ranked[0].share == pytest.approx(0.6)
    assert sum(one.share for one in ranked) == pytest.approx(0.8)


def test_a_circumstance_raises_lowers_and_rules_out() -> None:
    signs = [sign("dark", fuse=60, bulb=20)]
    factors = {"bulb": {"old": 30.0}, "fuse": {"neighbours-lit": 0.0}}
    assert rank(signs, {"dark", "old"}, factors)[0].name == "bulb"
    assert rank(signs, {"dark", "old"}, factors)[0].circumstances == ("old",)
    assert [one.name for one in rank(signs, {"dark", "neighbours-lit"}, factors)] == ["bulb"]


def test_a_cause_of_two_signs_comes_before_a_cause_of_one() -> None:
    signs = [sign("dark", fuse=40, bulb=50), sign("fridge-warm", fuse=40, door=50)]
    ranked = rank(signs, {"dark", "fridge-warm"}, {})
    assert ranked[0].name == "fuse"
    assert ranked[0].signs == ("dark", "fridge-warm")


def test_nothing_is_ranked_without_a_sign_and_what_is_ruled_out_is_not() -> None:
    assert rank([], {"dark"}, {}) == ()
    assert [one.name for one in rank([sign("dark", fuse=60, bulb=20)], {"dark"}, {}, ruled_out={"fuse"})] == ["bulb"]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"a": 0.6, "b": 0.2}, True),
        ({"a": 0.49}, False),
        ({"a": 0.52, "b": 0.4}, False),
        ({"a": 0.9}, True),
        ({}, False),
    ],
)
def test_only_what_is_likelier_than_not_and_clearly_ahead_stands_out(shares: dict[str, float], expected: bool) -> None:
    assert stands_out(likely(**shares)) is expected


CHEAP = Question(command="look", why="", tells=frozenset({"a", "b"}), cost=1)
DEAR = Question(command="dig", why="", tells=frozenset({"a", "b"}), cost=3)
WIDE = Question(command="ask all", why="", tells=frozenset({"a", "b", "c"}), cost=3)


def test_of_questions_that_tell_as_much_the_cheapest_is_asked() -> None:
    assert best_question((DEAR, CHEAP), likely(a=0.5, b=0.4), ()) is CHEAP
    assert best_question((CHEAP, WIDE), likely(a=0.4, b=0.2, c=0.2), ()) is WIDE


def test_a_question_is_asked_only_where_it_can_be_answered() -> None:
    here = Question(command="here", why="", tells=frozenset({"a"}), needs=frozenset({"in-job"}))
    shown = Question(command="shown", why="", tells=frozenset({"a"}), not_with=frozenset({"log-shown"}))
    assert best_question((here,), likely(a=0.5), ()) is None
    assert best_question((here,), likely(a=0.5), {"in-job"}) is here
    assert best_question((shown,), likely(a=0.5), {"log-shown"}) is None
    assert best_question((here,), likely(z=0.5), {"in-job"}) is None


NAMES = st.sampled_from(["a", "b", "c", "d"])
SHARES = st.dictionaries(NAMES, st.floats(0.5, 24), min_size=1)


@given(st.lists(SHARES, min_size=1, max_size=4), st.dictionaries(NAMES, st.floats(0, 50)))
def test_shares_are_shares(tables: list[dict[str, float]], raised: dict[str, float]) -> None:
    signs = [sign(f"s{number}", **table) for number, table in enumerate(tables)]
    factors = {name: {"here": factor} for name, factor in raised.items()}
    ranked = rank(signs, {"here", *(one.kinds[0] for one in signs)}, factors)
    assert sum(one.share for one in ranked) <= 1 + 1e-9
    assert all(0 < one.share <= 1 for one in ranked)
    assert list(ranked) == sorted(ranked, key=lambda one: (-one.share, one.name))
    assert 0 <= information([one.share for one in ranked]) <= 3
