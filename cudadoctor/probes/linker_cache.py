"""The dynamic linker's cache, as ldconfig prints it."""

from __future__ import annotations

from cudadoctor.host.base import Host, Missing, Refusal
from cudadoctor.parsers import ldconfig
from cudadoctor.probes.ask import first_line
from cudadoctor.probes.base import Clock

_PROGRAMS = ("ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig")
_LIMIT = 5.0


def linker_cache(host: Host, clock: Clock) -> tuple[tuple[ldconfig.CacheEntry, ...] | None, str]:
    """What the cache lists, asked once in a run; None with the reason where it is not known."""
    return clock.once("ldconfig -p", lambda: _ask(host, clock))


def _ask(host: Host, clock: Clock) -> tuple[tuple[ldconfig.CacheEntry, ...] | None, str]:
    reason = "there is no ldconfig"
    for program in _PROGRAMS:
        try:
            done = host.run([program, "-p"], timeout=clock.limit(_LIMIT))
        except Missing:
            continue
        except Refusal as refusal:
            reason = str(refusal)
            continue
        listed = tuple(ldconfig.parse(done.stdout.decode("utf-8", errors="replace")))
        if not listed and done.returncode != 0:
            # musl's loader has no cache, and its ldconfig no -p.
            reason = first_line(done.stderr, done.stdout) or f"{program} -p ended with status {done.returncode}"
            continue
        return listed, ""
    return None, reason
