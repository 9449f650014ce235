"""Asks which of NVIDIA's services run."""

from __future__ import annotations

from cudadoctor.facts.services import ServiceFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request


def probe(host: Host, request: Request, clock: Clock) -> Found[ServiceFacts]:  # noqa: ARG001
    """Asks which of NVIDIA's services run."""
    return Found(value=ServiceFacts())
