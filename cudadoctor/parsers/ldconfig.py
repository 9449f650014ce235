"""`ldconfig -p`: the dynamic loader's cache as text."""

from __future__ import annotations

from msgspec import Struct

_LONGEST = 4096
_ENTRIES = 50_000


class CacheEntry(Struct, frozen=True, kw_only=True):
    """One line of the cache."""

    soname: str
    """`libcuda.so.1`."""
    path: str
    flags: tuple[str, ...] = ()
    """As printed between the brackets: `libc6`, `x86-64`, `hwcap: …`, `OS ABI: …`. A 32-bit library of an x86 machine
    has `libc6` alone."""

    def serves(self, machine: str) -> bool:
        """Whether a 64-bit program of that `uname -m` would take it; True for machines whose flag is not known here."""
        flag = _FLAGS.get(machine)
        return flag is None or flag in self.flags


_FLAGS = {"x86_64": "x86-64", "aarch64": "AArch64", "ppc64le": "64bit", "s390x": "64bit"}
"""`uname -m` to ldconfig's word for 64-bit libraries of that machine (glibc, elf/ldconfig.c and elf/cache.c)."""


def parse(text: str) -> tuple[CacheEntry, ...]:
    """Every entry in the cache's order, which is the order in which the loader takes them.

    The first line (a count, translated in other locales) and any other line without `=>` are left out.
    """
    found: list[CacheEntry] = []
    for line in text.splitlines():
        left, arrow, path = line[:_LONGEST].partition(" => ")
        soname, bracket, flags = left.strip().partition(" (")
        if not (arrow and bracket and path.strip().startswith("/")):
            continue
        words = tuple(word.strip() for word in flags.rstrip(") ").split(","))
        found.append(CacheEntry(soname=soname, path=path.strip(), flags=words))
        if len(found) >= _ENTRIES:
            break
    return tuple(found)
