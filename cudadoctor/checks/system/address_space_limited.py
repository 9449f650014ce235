"""Finds a limit on the address space that keeps CUDA from starting."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import GETRLIMIT
from cudadoctor.checks.shared.machine import cuinit_seen, rows, seen
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.limits import LimitFacts

_OUT_OF_MEMORY = 2
_STRICT = 2


@check("OS007", severity=Severity.ERROR)
def address_space_limited(limits: LimitFacts, libcuda: LibcudaFacts) -> Result:
    """CUDA does not start, because the address space of programs is limited.

    Why:
        CUDA reserves as many addresses as all GPUs and the host have memory. `ulimit -v` (RLIMIT_AS), set by a batch
        system or in /etc/security/limits.conf, or vm.overcommit_memory=2 refuse that: cuInit gives 2, out of memory,
        on an idle GPU.

    How we know:
        cuInit gives 2 (CUDA_ERROR_OUT_OF_MEMORY) on a machine whose RLIMIT_AS (`ulimit -v`) is not unlimited, or whose
        /proc/sys/vm/overcommit_memory is 2.

    Fix:
        `ulimit -v unlimited` in the shell; where the limit is hard, ask for more memory in the batch system (Slurm:
        `--mem`, Grid Engine: `-l h_vmem`) or have the administrator take the limit out. For overcommit:
        `sysctl vm.overcommit_memory=0` as root.

    Harmless when:
        Never: CUDA does not start.

    Sources:
        https://man7.org/linux/man-pages/man2/getrlimit.2.html
    """
    if libcuda.outcome != "failed" or libcuda.cuinit != _OUT_OF_MEMORY:
        return
    if limits.address_space is not None:
        what = f"programs may use {limits.address_space >> 20} MiB of addresses (`ulimit -v`)"
        where = seen("RLIMIT_AS", f"{limits.address_space} bytes")
    elif limits.overcommit == _STRICT:
        what = "the kernel promises no more memory than there is (vm.overcommit_memory=2)"
        where = seen("/proc/sys/vm/overcommit_memory", "2")
    else:
        return
    yield Problem(
        subject="machine",
        message=f"CUDA is out of memory when it starts, and {what}",
        evidence=rows(cuinit_seen(libcuda), where),
        source=GETRLIMIT,
        confidence=Confidence.LIKELY,
    )
