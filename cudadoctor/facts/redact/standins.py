"""One stand-in for each private value: the same everywhere in a snapshot, and never shared by two.

A value that is a stand-in already stands for itself, so that redacting twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable


class StandIns:
    """Stand-ins of one kind."""

    def __init__(self, make: Callable[[int], str], own: str, taken: str) -> None:
        """`make` gives the n-th; `own` matches a value that is one; `taken` finds those that a text holds."""
        self._make = make
        self._own = re.compile(own)
        self._find = re.compile(taken)
        self._given: dict[str, str] = {}
        self._reserved: set[str] = set()
        self._next = 1

    def reserve(self, text: str) -> None:
        """Note the stand-ins that a text holds: nothing else may become one of them."""
        self._reserved.update(self._find.findall(text))

    def known(self) -> tuple[str, ...]:
        """The values that have a stand-in."""
        return tuple(self._given)

    def of(self, value: str) -> str:
        """The stand-in of a value."""
        if self._own.fullmatch(value):
            return value
        if value not in self._given:
            while (made := self._make(self._next)) in self._reserved:
                self._next += 1
            self._next += 1
            self._given[value] = made
        return self._given[value]


def numbered(word: str) -> Callable[[int], str]:
    """The word, then word2, word3 and so on."""
    return lambda number: word if number == 1 else f"{word}{number}"


def users() -> StandIns:
    """Names of people."""
    return StandIns(numbered("user"), r"user\d*", r"\Auser\d*\Z")


def hosts() -> StandIns:
    """Names of machines."""
    return StandIns(numbered("host"), r"host\d*", r"\Ahost\d*\Z")


def uuids() -> StandIns:
    """UUIDs of anything."""
    own = r"00000000-0000-0000-0000-0000[0-9a-f]{8}"
    return StandIns(lambda number: f"00000000-0000-0000-0000-{number:012x}", own, own)


def addresses() -> StandIns:
    """IPv4: of the range for benchmarks (RFC 2544), that no machine has."""
    own = r"198\.18\.\d{1,3}\.\d{1,3}"
    return StandIns(lambda number: f"198.18.{number // 256 % 256}.{number % 256}", own, own)


def addresses6() -> StandIns:
    """IPv6: of a made-up private range."""
    return StandIns(lambda number: f"fdcd::{number:x}", r"fdcd::[0-9a-f]{1,4}", r"fdcd::[0-9a-f]{1,4}")


def macs() -> StandIns:
    """MAC addresses: locally administered ones."""
    own = r"02:00:00:00:[0-9a-f]{2}:[0-9a-f]{2}"
    return StandIns(lambda number: f"02:00:00:00:{number // 256 % 256:02x}:{number % 256:02x}", own, own)


def mails() -> StandIns:
    """E-mail addresses."""
    own = r"user\d*@example\.invalid"
    return StandIns(lambda number: f"{numbered('user')(number)}@example.invalid", own, own)


def serials() -> StandIns:
    """Serial numbers."""
    return StandIns(lambda number: f"{number:013d}", r"00000\d{8}", r"\b00000\d{8}\b")


def boards() -> StandIns:
    """Board ids: hexadecimal numbers."""
    return StandIns(lambda number: f"0xb0a2d{number:03x}", r"0xb0a2d[0-9a-f]{3,}", r"0xb0a2d[0-9a-f]{3,}")


def containers() -> StandIns:
    """Ids of containers."""
    return StandIns(lambda number: f"{number:064x}", r"0{48}[0-9a-f]{16}", r"\b0{48}[0-9a-f]{16}\b")
