"""Finds a limit on locked memory that InfiniBand cannot work with."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import NCCL_TROUBLE
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_ENOUGH = 1 << 30


@check("CL008", severity=Severity.INFO)
def memlock_limit_too_low(limits: LimitFacts, gpus: tuple[GpuFacts, ...], os: OsFacts) -> Result:
    """The limit on locked memory (RLIMIT_MEMLOCK, `ulimit -l`) is too low for InfiniBand.

    Why:
        RDMA locks its buffers in memory. Below what NCCL needs the kernel refuses: "Call to ibv_reg_mr failed with
        error Cannot allocate memory", "ibv_create_cq failed". Login sessions have 8 MiB, older ones 64 KiB.

    How we know:
        RLIMIT_MEMLOCK of this session (`ulimit -l`) is below 1 GiB on a machine with an active InfiniBand port; in a
        text "Call to ibv_reg_mr failed with error Cannot allocate memory", "ibv_create_cq failed".

    Fix:
        Raise the limit on locked memory. Containers: `docker run --ulimit memlock=-1`. Machines: in
        /etc/security/limits.d/memlock.conf the lines `* soft memlock unlimited` and `* hard memlock unlimited`, then
        log in anew.

        Services: `LimitMEMLOCK=infinity` in their unit, slurmd's and containerd's included. `ulimit -l` inside the job
        must say `unlimited`. Without an administrator: `NCCL_IB_DISABLE=1` (slower, over the network card).

    Harmless when:
        Training stays on one machine, or jobs get another limit than this session.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    ports = [one for one in limits.infiniband if one.state == "ACTIVE" and one.link_layer == "InfiniBand"]
    if not gpus or not ports or os.uid == 0:
        return
    if limits.locked_memory is None:
        if "locked_memory" not in limits.unlimited:
            yield Unknown(subject="machine", reason="the limit on locked memory is not known")
        return
    if limits.locked_memory < _ENOUGH:
        yield Problem(
            subject="machine",
            message=f"this session may lock {limits.locked_memory >> 10} KiB of memory; InfiniBand needs more",
            evidence=(
                seen("RLIMIT_MEMLOCK", f"{limits.locked_memory} bytes"),
                seen(f"/sys/class/infiniband/{ports[0].device}/ports/{ports[0].port}", "ACTIVE, InfiniBand"),
            ),
            source=NCCL_TROUBLE,
        )


@also(memlock_limit_too_low)
def in_messages(symptoms: tuple[Symptom, ...], limits: LimitFacts | None) -> Result:
    """The kernel refused to lock memory."""
    said = first(symptoms, "memory-registration-refused")
    if said is None or (limits is not None and "locked_memory" in limits.unlimited):
        return
    known = limits.locked_memory if limits is not None else None
    if known is not None and known >= _ENOUGH:
        return
    yield Problem(
        subject="machine",
        message="the kernel refused to lock memory for InfiniBand"
        + (f": {known >> 10} KiB may be locked" if known is not None else ""),
        evidence=rows(said.seen, seen("RLIMIT_MEMLOCK", f"{known} bytes") if known is not None else None),
        source=NCCL_TROUBLE,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if known is not None else Confidence.LIKELY,
    )
