"""Names of nodes in the notation of clusters: `gpu[001-128]`. ClusterShell knows it, Slurm's folding included."""

from __future__ import annotations

from collections.abc import Iterable

from cudadoctor.errors import CudaDoctorError

MOST = 10_000
"""Nodes of one run: a typing error must not start a million connections."""


def expand(text: str) -> tuple[str, ...]:
    """All names of a node set. Raises CudaDoctorError for what is none."""
    from ClusterShell.NodeSet import NodeSet, NodeSetException

    try:
        found = NodeSet(text)
    except NodeSetException as error:
        raise CudaDoctorError(f"{text}: not a set of nodes: {error}; write gpu[001-128] or a,b,c") from error
    if len(found) > MOST:
        raise CudaDoctorError(f"{text}: {len(found)} nodes are more than the {MOST} of one run")
    return tuple(str(node) for node in found)


def fold(names: Iterable[str]) -> str:
    """The shortest form of several names: `gpu[017-019]`. What cannot be folded is listed."""
    from ClusterShell.NodeSet import NodeSet, NodeSetException

    names = sorted(set(names))
    try:
        return str(NodeSet.fromlist(names))
    except NodeSetException:
        return ",".join(names)
