"""Finds GPUs for which the driver asks for a reset or a reboot."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, rows, seen, smi_seen
from cudadoctor.checks.sources import MEMORY_ERRORS
from cudadoctor.facts.driver import SmiFacts

# NVML: none, GPU reset, node reboot, drain P2P, drain and reset. Another word (an error in its place) asks nothing.
_ASKS = ("reset", "reboot", "drain")


@check("HLTH009", severity=Severity.ERROR)
def gpu_recovery_needed(smi: SmiFacts) -> Result:
    """The driver asks for a reset of the GPU, or for a reboot, before it is used again.

    Why:
        After an error that the driver cannot clear by itself it sets a recovery action: reset, reboot, or draining
        first. New programs can fail on that GPU until it is done.

    Fix:
        Do what it asks for: stop what uses the GPU and reset it (`nvidia-smi --gpu-reset` with its index, as root), or
        reboot the machine.

    Harmless when:
        The GPU only waits for a row of its memory to be replaced: that is reported by its own name.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        action = clean(gpu.recovery_action, 40)
        if not any(word in action.lower() for word in _ASKS):
            continue
        if gpu.row_remap_pending or gpu.row_remap_failure or gpu.lost:
            continue
        yield Problem(
            subject=f"gpu:{gpu.index}",
            message=f"the driver asks for a recovery of GPU {gpu.index}: {action}",
            evidence=rows(seen("nvidia-smi", f"GPU Recovery Action: {action}"), smi_seen(smi)),
            source=MEMORY_ERRORS,
        )
