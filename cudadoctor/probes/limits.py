"""Asks what this process may use."""

from __future__ import annotations

from cudadoctor.facts.limits import LimitFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request


def probe(host: Host, request: Request, clock: Clock) -> Found[LimitFacts]:  # noqa: ARG001
    """Asks what this process may use."""
    return Found(value=LimitFacts())
