"""Reports a process that a test ended."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_SEMANTICS
from cudadoctor.checks.shared.smoke_results import EXCHANGE, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM006", severity=Severity.ERROR)
def torch_work_crashes(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The process ended in the middle of a test.

    Why:
        A segmentation fault, an abort or an illegal instruction in native code: two copies of a library in one
        process, a library of another version, a processor that lacks an instruction, or a driver that does not fit.
        SIGKILL is mostly the kernel, where the machine's or the container's memory ran out.

    How we know:
        The process of a test of `cudadoctor smoke` was ended by a signal (SIGSEGV, SIGABRT, SIGILL, SIGBUS, SIGKILL);
        the result names the test that ran at that moment.

    Fix:
        Look at the signal that ended it.

        SIGSEGV, SIGABRT: look at the paths in the result of `libraries`; unset `LD_LIBRARY_PATH` and `LD_PRELOAD`;
        install torch into a fresh environment. SIGILL: this processor lacks an instruction of the build (AVX, AVX2):
        install a build from conda-forge, or older.

        SIGBUS: /dev/shm is full: `df -h /dev/shm`; in a container `--shm-size=1g` or `--ipc=host`. SIGKILL: `dmesg |
        grep -i "out of memory"`; give the job more memory.

    Harmless when:
        Somebody ended the process by hand.

    Sources:
        https://docs.pytorch.org/docs/stable/notes/cuda.html
    """
    found = [one for one in smoke.failed if one.outcome == "crash" and one.name not in EXCHANGE]
    yield from problems(found, smoke, gpus, "a process of torch's dies on {where}", CUDA_SEMANTICS)
