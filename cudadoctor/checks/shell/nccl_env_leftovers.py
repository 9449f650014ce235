"""Finds settings of NCCL that switch its fast ways off."""

from __future__ import annotations

from collections.abc import Mapping

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NCCL_ENV
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.checks.shared.visible_devices import scheduler
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var

_SWITCHES = {
    "NCCL_P2P_DISABLE": "the GPUs do not talk to each other directly",
    "NCCL_SHM_DISABLE": "processes of one machine do not share memory",
    "NCCL_IB_DISABLE": "InfiniBand and RoCE are not used",
}
_INTERFACE = "NCCL_SOCKET_IFNAME"


@check("CL005", severity=Severity.INFO)
def nccl_env_leftovers(shell: ShellFacts, gpus: tuple[GpuFacts, ...], limits: LimitFacts | None) -> Result:
    """A setting of NCCL switches off one of its fast ways, or names a network interface that is not there.

    Why:
        NCCL_P2P_DISABLE=1 and its like are set against a hang and stay: training is then slow for good. An interface
        that NCCL_SOCKET_IFNAME names and that does not exist ends in "no socket interface found".

    How we know:
        The variables of this shell, /etc/nccl.conf and ~/.nccl.conf, on a machine with several GPUs; the names of
        interfaces are those of /sys/class/net.

    Fix:
        `unset` what is not needed and measure again (nccl-tests: `all_reduce_perf`). For NCCL_SOCKET_IFNAME, take a
        name from `ip -br link`; it is a list of beginnings (`eth,ib`), `^` leaves out, `=` is exact. Look into
        /etc/nccl.conf and ~/.nccl.conf too.

    Harmless when:
        The cluster's administrators set it, or the GPUs cannot do it anyhow (peer to peer between GeForce cards).

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html
    """
    if len(gpus) < 2:
        return
    files = limits.variables if limits is not None else {}
    named: Mapping[str, str] = {**files, **shell.variables}
    on = [name for name in _SWITCHES if named.get(name, "").strip() == "1"]
    both = "NCCL_P2P_DISABLE" in on and "NCCL_SHM_DISABLE" in on
    meant = scheduler(shell.variables) is not None
    for name in on:
        where = name if name in shell.variables else f"nccl.conf: {name}"
        slow = both and name != "NCCL_IB_DISABLE" and not meant
        yield Problem(
            subject=str(Var(name)),
            message=f"{name}=1: {_SWITCHES[name]}" + ("; everything goes through the network stack" if slow else ""),
            evidence=(seen(where, named[name]), *setters(shell, name)),
            source=NCCL_ENV,
            severity=Severity.WARNING if slow else None,
        )
    value = named.get(_INTERFACE, "")
    interfaces = limits.interfaces if limits is not None else None
    if interfaces is not None and value and not value.startswith("^") and not _matches(value, interfaces):
        yield Problem(
            subject=str(Var(_INTERFACE)),
            message=f"{_INTERFACE}: `{clean(value, 80)}` names no network interface of this machine",
            evidence=(seen(_INTERFACE, value), seen("/sys/class/net", " ".join(interfaces))),
            source=NCCL_ENV,
            severity=Severity.WARNING,
        )


def _matches(value: str, interfaces: tuple[str, ...]) -> bool:
    exact = value.startswith("=")
    words = [word.partition(":")[0].strip() for word in value.lstrip("=").split(",")]
    return any(one == word if exact else one.startswith(word) for word in words if word for one in interfaces)
