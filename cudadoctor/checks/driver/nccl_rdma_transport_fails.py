"""Finds InfiniBand and RoCE transfers that fail."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NCCL: troubleshooting",
    url="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html",
    read_on="2026-12-01",
)


@check(
    "CL011",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nccl-ib-transport-failed",),
            message="a transfer over InfiniBand or RoCE failed",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def nccl_rdma_transport_fails(symptoms: tuple[Symptom, ...]) -> Result:
    """A transfer between ranks over InfiniBand or RoCE failed.

    Why:
        Wrong GID index, a port that is down, a switch without lossless RoCE or a cable fault ends the connection
        between two network cards.

    How we know:
        "NET/IB : Got completion from peer … with status=12" or "Call to ibv_modify_qp failed".

    Fix:
        Check the ports with `ibstat`; with RoCE set `NCCL_IB_GID_INDEX=3`. To see whether only RDMA is at fault:
        `NCCL_IB_DISABLE=1` (slower).

    Harmless when:
        Never while several machines should work together.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    yield from decided_by_messages(symptoms)
