"""Finds an nvidia-smi that prints nothing that can be read."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import cuda_runs, smi_seen
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts


@check("NVS008", severity=Severity.ERROR)
def nvidia_smi_unreadable(smi: SmiFacts, gpus: tuple[GpuFacts, ...] | None, libcuda: LibcudaFacts | None) -> Result:
    """nvidia-smi ends well and prints nothing that can be read.

    Why:
        The first nvidia-smi on PATH may be a wrapper or another program of that name; or the driver is in such a
        state that its answer is cut or garbled. Exit status 0 proves nothing.

    How we know:
        nvidia-smi ended with status 0, and its output has neither the table, XML nor lists that it prints in any
        version.

    Fix:
        Look which file it is (`command -v nvidia-smi`) and run /usr/bin/nvidia-smi by its full path. If that one
        prints garbage, too: reinstall the driver and reboot.

    Harmless when:
        CUDA works all the same: then it is a warning.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome == "unreadable":
        yield Problem(
            subject="machine",
            message=f"{smi.path or 'nvidia-smi'} printed nothing that can be read",
            evidence=(smi_seen(smi),),
            source=SMI,
            severity=Severity.WARNING if cuda_runs(libcuda) or gpus == () else None,
        )
