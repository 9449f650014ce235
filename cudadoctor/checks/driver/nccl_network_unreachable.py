"""Finds NCCL ranks that cannot reach one another."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NCCL: environment variables",
    url="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html",
    read_on="2026-12-01",
)


@check(
    "CL010",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nccl-connect-failed",),
            message="NCCL could not connect to another rank: the wrong network interface, or a firewall",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("nccl-no-interface",),
            message="NCCL found no network interface to use (NCCL_SOCKET_IFNAME names one that is not there)",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("nccl-local-interface",),
            message="NCCL uses {interface}, which other machines cannot reach",
            source=_PAGE,
            beside=("program-hangs",),
            confidence=Confidence.POSSIBLE,
        ),
    ),
)
def nccl_network_unreachable(symptoms: tuple[Symptom, ...]) -> Result:
    """NCCL cannot reach the other ranks over the network.

    Why:
        NCCL picks the first network interface that is not docker's or the loopback. Where that interface does not
        lead to the other machines, or a firewall closes the ports, the ranks cannot connect.

    How we know:
        "NCCL WARN socketStartConnect: Connect to … failed", "Bootstrap : no socket interface found", or a bootstrap
        over docker0, virbr0 or veth beside a failed connection.

    Fix:
        Name the interface of the shared network on each node: `export NCCL_SOCKET_IFNAME=eth0` (`ip -br addr` lists
        them), and open the ports between the nodes.

    Harmless when:
        Never while several processes should work together.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-socket-ifname
    """
    yield from decided_by_messages(symptoms)
