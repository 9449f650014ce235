"""Finds GPUs for which the driver asks for a reset or a reboot."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MEMORY_ERRORS, NVML
from cudadoctor.checks.shared.machine import clean, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

# NVML: none, GPU reset, node reboot, drain P2P, drain and reset. Another word (an error in its place) asks nothing.
_ASKS = ("reset", "reboot", "drain")


@check("HLTH009", severity=Severity.ERROR)
def gpu_recovery_needed(smi: SmiFacts) -> Result:
    """The driver asks for a reset of the GPU, or for a reboot, before it is used again.

    Why:
        After an error that the driver cannot clear by itself it sets a recovery action: reset, reboot, or draining
        first. New programs can fail on that GPU until it is done. Older drivers print "Reset Required: Yes", and NVML
        "GPU requires reset".

    How we know:
        `nvidia-smi -q`: "GPU Recovery Action" is Reset, Reboot or Drain, or "Reset Required: Yes"; in a text "GPU
        requires reset".

    Fix:
        Do what it asks for: stop what uses the GPU and reset it (`nvidia-smi --gpu-reset` with its index, as root), or
        reboot the machine.

    Harmless when:
        The GPU only waits for a row of its memory to be replaced: that is reported by its own name.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        action = clean(gpu.recovery_action, 40) or ("Reset Required" if gpu.reset_required else "")
        if not any(word in action.lower() for word in _ASKS):
            continue
        if gpu.row_remap_pending or gpu.row_remap_failure or gpu.lost:
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"the driver asks for a recovery of GPU {gpu.index}: {action}",
            evidence=rows(seen("nvidia-smi", f"GPU Recovery Action: {action}"), smi_seen(smi)),
            source=MEMORY_ERRORS,
        )


@also(gpu_recovery_needed)
def in_messages(symptoms: tuple[Symptom, ...], smi: SmiFacts | None) -> Result:
    """NVML's words in place of an answer."""
    asked = first(symptoms, "gpu-requires-reset")
    told = smi is not None and any(gpu.recovery_action or gpu.reset_required is not None for gpu in smi.gpus)
    if asked is not None and not told:
        yield Problem(
            subject="machine",
            message="NVML asks for a reset of a GPU before it is used again",
            evidence=(quoted(asked),),
            source=NVML,
        )
