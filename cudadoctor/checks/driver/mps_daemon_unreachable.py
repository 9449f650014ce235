"""Finds programs that cannot reach MPS."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MPS
from cudadoctor.checks.shared.machine import clean, cuinit_seen, cuinit_text, failed_with, rows, seen
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.symptom import Symptom

_CODES = (805, 806, 807)


@check("VIRT002", severity=Severity.ERROR)
def mps_daemon_unreachable(libcuda: LibcudaFacts, services: ServiceFacts | None) -> Result:
    """A CUDA program finds traces of MPS and cannot reach its daemon.

    Why:
        CUDA looks for the MPS daemon's pipe in CUDA_MPS_PIPE_DIRECTORY, else in /tmp/nvidia-mps. Where there is none
        it goes on without MPS. Where it finds one and the daemon or its server does not take it (it is another user's,
        it runs outside of the container, it hangs or was killed), CUDA programs fail with error 805, 806 or 807.

    How we know:
        cuInit gives 805 ("MPS client failed to connect to the MPS control daemon or the MPS server"), 806 ("the remote
        procedural call between the MPS server and the MPS client failed") or 807 ("the MPS server is not ready to
        accept new MPS client requests"). Whether a daemon runs is seen from the processes.

    Fix:
        End MPS, or start its daemon as the same user. Without a wish for MPS: end it as the user who started it (`echo
        quit | nvidia-cuda-mps-control`), unset CUDA_MPS_PIPE_DIRECTORY and CUDA_MPS_LOG_DIRECTORY, and remove what is
        left of the pipe directory.

        With MPS: start the daemon as the same user, with the same two variables as the program. In a container: share
        the host's IPC namespace and the pipe directory (`--ipc=host -v /tmp/nvidia-mps:/tmp/nvidia-mps`).

    Harmless when:
        Never while the program should compute. 807 passes by itself when the server is only starting.

    Sources:
        https://docs.nvidia.com/deploy/topics/topic_5_2_2.html
        https://docs.nvidia.com/deploy/mps/index.html
    """
    if failed_with(libcuda, *_CODES):
        alive = "mps-control" in ((services.running if services else None) or ())
        where = services.mps_pipe if services is not None else None
        yield Problem(
            subject="machine",
            message=f"CUDA cannot reach the MPS daemon: {cuinit_text(libcuda)}",
            evidence=rows(
                cuinit_seen(libcuda),
                seen(where, "the daemon runs" if alive else "no daemon is seen") if where else None,
            ),
            source=MPS,
            confidence=Confidence.LIKELY if alive else Confidence.CERTAIN,
        )


@also(mps_daemon_unreachable)
def in_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """CUDA's words for it, and the control program's."""
    error = code(symptoms, *_CODES)
    if error is not None:
        started = first(symptoms, "mps-control-running", "mps-control-unreachable")
        yield Problem(
            subject="machine",
            message=f"CUDA cannot reach the MPS daemon: {clean(error.says)}",
            evidence=rows(quoted(error), quoted(started) if started is not None else None),
            source=MPS,
        )
