"""Asks for the distribution's packages and repositories."""

from __future__ import annotations

from cudadoctor.facts.distro import DistroFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request


def probe(host: Host, request: Request, clock: Clock) -> Found[DistroFacts]:  # noqa: ARG001
    """Asks for the distribution's packages and repositories."""
    return Found(value=DistroFacts())
