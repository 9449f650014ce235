"""Finds an nvidia-smi that dies."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import cuda_runs, smi_seen
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts


@check("NVS007", severity=Severity.ERROR)
def nvidia_smi_crashes(smi: SmiFacts, libcuda: LibcudaFacts | None) -> Result:
    """nvidia-smi is ended by a signal.

    Why:
        A program of the driver that dies shows a broken installation: a library of another version, a damaged file,
        or a library that is loaded into it by LD_LIBRARY_PATH or LD_PRELOAD.

    How we know:
        nvidia-smi was started and ended by a signal (SIGSEGV, SIGABRT, SIGBUS), not by an exit status of its own.

    Fix:
        Try `env -u LD_LIBRARY_PATH -u LD_PRELOAD nvidia-smi`. If that works: take the offending directory out of the
        variable. If not: reinstall the driver and reboot.

    Harmless when:
        CUDA works all the same: then it is a warning.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome == "crashed":
        signal = f" by signal {smi.signal}" if smi.signal is not None else ""
        yield Problem(
            subject="machine",
            message=f"nvidia-smi was ended{signal}",
            evidence=(smi_seen(smi),),
            source=SMI,
            severity=Severity.WARNING if cuda_runs(libcuda) else None,
        )
