"""How likely each cause is, where no check decides it: from what is seen, and from the circumstances.

A sign (a message, a failure) has several causes. Its table says how often each is the one; circumstances make a cause
more or less likely. A likelihood only ranks: what a check can decide never comes from here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import log2

from msgspec import Struct

from cudadoctor.compat.source import Source

FLOOR = 0.02
"""The share of a cause that a sign's table does not list: it is not impossible, only not worth listing."""
LIKELIER_THAN_NOT = 0.5
AHEAD = 1.8
"""How many times as likely as the next the first must be to be named as the cause."""
WORTH_NAMING = 0.04
MOST = 5


class Sign(Struct, frozen=True, kw_only=True):
    """Something seen that has several causes, and how often each is the one."""

    kinds: tuple[str, ...]
    """Messages (`facts.symptoms`) or states (`checks/rates/states.py`) that are this sign."""
    causes: Mapping[str, float]
    """Cause → how many of a hundred reports with this sign come from it. What is left to a hundred is not known."""
    source: Source
    """What documents the sign, or what the shares were counted over."""
    general: bool = False
    """It follows from most of the others, and says nothing more where one of them is there."""


class Likely(Struct, frozen=True, kw_only=True):
    """A cause with its likelihood."""

    name: str
    share: float
    """0 to 1, of all causes together, those that no table lists included."""
    signs: tuple[str, ...]
    """Kinds of the signs that it is a cause of."""
    circumstances: tuple[str, ...]
    """What is known here and makes it likelier, the strongest first."""
    source: Source


Factors = Mapping[str, Mapping[str, float]]
"""Cause → circumstance → how many times as likely it is where that circumstance is known. 0 rules it out."""


def rank(
    signs: Sequence[Sign], present: Collection[str], factors: Factors, *, ruled_out: Collection[str] = ()
) -> tuple[Likely, ...]:
    """The causes of these signs, likeliest first.

    Every sign multiplies the odds, so that a cause of two signs comes before a cause of one. Each circumstance counts
    once for a cause, however many signs it has.
    """
    names = dict.fromkeys(name for sign in signs for name in sign.causes if name not in ruled_out)
    if not names:
        return ()
    weights = {name: _weight(name, signs, present, factors) for name in names}
    unlisted = 1.0
    for sign in signs:
        unlisted *= max(FLOOR, 1 - sum(sign.causes.values()) / 100)
    total = unlisted + sum(weights.values())
    found = []
    for name, weight in weights.items():
        own = [sign for sign in signs if name in sign.causes]
        leading = max(own, key=lambda sign: sign.causes[name])
        raised = [(-factor, what) for what, factor in factors.get(name, {}).items() if what in present and factor > 1]
        found.append(
            Likely(
                name=name,
                share=weight / total,
                signs=tuple(kind for sign in own for kind in sign.kinds if kind in present),
                circumstances=tuple(what for _, what in sorted(raised)),
                source=leading.source,
            )
        )
    return tuple(sorted((one for one in found if one.share > 0), key=lambda one: (-one.share, one.name)))


def belief(name: str, present: Collection[str], factors: Factors) -> float:
    """How many times as likely the circumstances make this cause, all of them together."""
    product = 1.0
    for what, factor in factors.get(name, {}).items():
        if what in present:
            product *= factor
    return product


def _weight(name: str, signs: Sequence[Sign], present: Collection[str], factors: Factors) -> float:
    weight = 1.0
    for sign in signs:
        weight *= max(FLOOR, sign.causes.get(name, 0) / 100)
    return weight * belief(name, present, factors)


def stands_out(ranked: Sequence[Likely]) -> bool:
    """The first is likelier than not, and clearly ahead of the next."""
    if not ranked or ranked[0].share < LIKELIER_THAN_NOT:
        return False
    return len(ranked) == 1 or ranked[0].share >= AHEAD * ranked[1].share


class Question(Struct, frozen=True, kw_only=True):
    """A command to ask for, and the causes that its output tells from all others."""

    command: str
    why: str
    tells: frozenset[str]
    cost: float = 1.0
    """What it takes to answer: 1 a command of any user, 2 one of root, 3 on another machine or with a reboot."""
    needs: frozenset[str] = frozenset()
    """Circumstances that must be known for it to make sense."""
    not_with: frozenset[str] = frozenset()
    """Circumstances in which it cannot be run, tells nothing, or has been answered."""


_PRICE = 0.04
"""Bits that one unit of cost is worth: of questions that tell as much, the cheapest is asked."""


def best_question(questions: Sequence[Question], ranked: Sequence[Likely], present: Collection[str]) -> Question | None:
    """The question that tells most about the causes that are left, and that can be answered here."""
    shares = {one.name: one.share for one in ranked}
    best: tuple[float, Question] | None = None
    for question in questions:
        if not question.needs <= set(present) or question.not_with.intersection(present):
            continue
        told = [shares[name] for name in question.tells if name in shares]
        bits = information(told)
        if told and (best is None or bits - _PRICE * question.cost > best[0]):
            best = (bits - _PRICE * question.cost, question)
    return best[1] if best is not None else None


def information(shares: Sequence[float]) -> float:
    """Bits that an answer gives which tells each of these from the others and from all the rest."""
    rest = max(0.0, 1 - sum(shares))
    return sum(-share * log2(share) for share in (*shares, rest) if share > 0)
