"""What differs between machines that should be equal.

Peers are nodes with the same models of GPU. Among peers the value that more than half of them have is the usual one; a
node with another is odd. Where no value has more than half, the groups are listed and no node is called odd.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cudadoctor.facts.base import Facts

UNKNOWN = "not known"
FEWEST = 3
"""Peers that it takes to call one of them odd: of two that differ, nobody can tell which is wrong."""


class Found(Struct, frozen=True, kw_only=True):
    """A finding as far as a fleet needs it."""

    name: str
    code: str
    severity: str
    subject: str
    message: str
    root: bool


class Node(Struct, frozen=True, kw_only=True):
    """One machine: what it has, or why it did not answer."""

    name: str
    status: str | None = None
    """As in its report; None where it did not answer."""
    values: Mapping[str, str] = {}
    """By aspect: `driver`, `kernel` …"""
    findings: tuple[Found, ...] = ()
    error: str | None = None


class Odd(Struct, frozen=True, kw_only=True):
    """Nodes that differ from their peers in one aspect, all in the same way."""

    aspect: str
    value: str
    usual: str
    nodes: tuple[str, ...]
    peers: int
    """How many have the usual value."""


class Varies(Struct, frozen=True, kw_only=True):
    """An aspect without a usual value among peers: each value with its nodes."""

    aspect: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]


class Group(Struct, frozen=True, kw_only=True):
    """Nodes that are equal in every aspect."""

    nodes: tuple[str, ...]
    values: Mapping[str, str]


class Folded(Struct, frozen=True, kw_only=True):
    """One cause, and the nodes that have it."""

    name: str
    code: str
    severity: str
    message: str
    """Of the first of them."""
    nodes: tuple[str, ...]
    root: bool


class Comparison(Struct, frozen=True, kw_only=True):
    """A fleet, compared."""

    nodes: tuple[Node, ...]
    odd: tuple[Odd, ...]
    varies: tuple[Varies, ...]
    groups: tuple[Group, ...]
    """The largest first."""
    findings: tuple[Folded, ...]
    """Errors first, then by how many nodes have it."""

    @property
    def silent(self) -> tuple[Node, ...]:
        """Those that did not answer."""
        return tuple(one for one in self.nodes if one.error is not None)


def values(facts: Facts) -> dict[str, str]:
    """What a node has, by aspect. The text `not known` where it is not."""
    gpus, pci = facts.gpus, facts.pci.gpus if facts.pci is not None else None
    health = facts.smi.gpus if facts.smi is not None else ()
    env = next((one for one in facts.envs or () if one.active), None)
    torch = env.torch if env else None
    toolkits = facts.toolkit.toolkits if facts.toolkit is not None else None
    links = [one.link_width for one in pci or ()]
    found = {
        "gpu": None if gpus is None else _list(gpu.name or UNKNOWN for gpu in gpus) or "none",
        "gpu count": None if gpus is None else str(sum(not gpu.lost for gpu in gpus)),
        "memory": None
        if gpus is None
        else _list(f"{gpu.memory_total_mib} MiB" for gpu in gpus if gpu.memory_total_mib),
        "mig": None if gpus is None else _list(gpu.mig_mode or "none" for gpu in gpus),
        "link width": _list(f"x{width}" for width in links if width) if pci is not None else None,
        "clocks": _list(f"{one.application_clock_mhz} MHz" for one in health if one.application_clock_mhz) or "default",
        "driver": str(facts.driver.version or "none") if facts.driver is not None else None,
        "kernel": facts.os.kernel if facts.os is not None else None,
        "system": f"{facts.os.id} {facts.os.version_id}" if facts.os is not None else None,
        "toolkit": None if toolkits is None else _list(str(one.version or UNKNOWN) for one in toolkits) or "none",
        "environment": None if facts.envs is None else env.prefix if env else "none",
        "python": None if facts.envs is None else (env.python_version or UNKNOWN) if env else "none",
        "torch": None if facts.envs is None else torch.version if torch else "none",
    }
    return {aspect: value if value is not None else UNKNOWN for aspect, value in found.items()}


def _list(words: Iterable[str]) -> str:
    """`8 × H100`: equal words counted, in the order in which they first come."""
    counted = Counter(words)
    return ", ".join(f"{count} × {word}" if count > 1 else word for word, count in counted.items())


def compare(nodes: Sequence[Node]) -> Comparison:
    """What differs, and which causes were found where."""
    nodes = tuple(sorted(nodes, key=lambda one: one.name))
    answered = [one for one in nodes if one.error is None]
    peers: dict[str, list[Node]] = defaultdict(list)
    for one in answered:
        peers[_model(one)].append(one)
    odd: list[Odd] = []
    varies: list[Varies] = []
    for group in peers.values():
        for aspect in group[0].values:
            if aspect == "gpu":
                continue
            by_value: dict[str, list[str]] = defaultdict(list)
            for one in group:
                by_value[one.values.get(aspect, UNKNOWN)].append(one.name)
            usual, who = max(by_value.items(), key=lambda item: len(item[1]))
            if len(by_value) == 1:
                continue
            if len(group) < FEWEST or 2 * len(who) <= len(group):
                varies.append(Varies(aspect=aspect, groups=tuple((key, tuple(some)) for key, some in by_value.items())))
                continue
            odd += [
                Odd(aspect=aspect, value=value, usual=usual, nodes=tuple(some), peers=len(who))
                for value, some in by_value.items()
                if value != usual
            ]
    return Comparison(
        nodes=nodes, odd=tuple(odd), varies=tuple(varies), groups=_groups(answered), findings=_folded(answered)
    )


def _model(one: Node) -> str:
    """What makes nodes peers: their models of GPU, whatever their number. One without a GPU has no peers to differ from
    but those without any either.
    """
    return ", ".join(sorted({part.split(" × ")[-1] for part in one.values.get("gpu", UNKNOWN).split(", ")}))


def _groups(answered: Sequence[Node]) -> tuple[Group, ...]:
    by_values: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for one in answered:
        by_values[tuple(one.values.items())].append(one.name)
    groups = [Group(nodes=tuple(some), values=dict(key)) for key, some in by_values.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.nodes), group.nodes)))


_ORDER = {"error": 0, "warning": 1, "info": 2}


def _folded(answered: Sequence[Node]) -> tuple[Folded, ...]:
    by_cause: dict[tuple[str, str], list[tuple[str, Found]]] = defaultdict(list)
    for one in answered:
        for finding in one.findings:
            by_cause[finding.name, finding.severity].append((one.name, finding))
    folded = [
        Folded(
            name=name,
            code=some[0][1].code,
            severity=severity,
            message=some[0][1].message,
            nodes=tuple(dict.fromkeys(node for node, _ in some)),
            root=any(finding.root for _, finding in some),
        )
        for (name, severity), some in by_cause.items()
    ]
    return tuple(sorted(folded, key=lambda one: (_ORDER[one.severity], not one.root, -len(one.nodes), one.name)))
