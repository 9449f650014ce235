"""Finds a MIG mode that waits for a reset."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MIG
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_MODES = ("enabled", "disabled")


@check("VIRT012", severity=Severity.WARNING)
def mig_mode_pending(smi: SmiFacts) -> Result:
    """MIG mode was changed and waits for a reset of the GPU.

    Why:
        On Ampere a change of the MIG mode needs a reset of the GPU, and the reset is refused while a program holds it
        (a monitoring agent, a display). From Hopper on it needs none, but the GPU must be idle. Until then the old
        mode is in force: `nvidia-smi mig -cgi` fails, or instances cannot be removed.

    How we know:
        `nvidia-smi -q`: "MIG Mode, Current" and "Pending" differ; or the words of `nvidia-smi -mig 1`: "MIG mode is in
        pending enable state".

    Fix:
        Stop what uses the GPU (dcgm, nvidia-persistenced, jobs) and, as root, `nvidia-smi --gpu-reset -i` with its
        index; in a virtual machine, and where the reset is refused, reboot.

    Harmless when:
        A restart is planned: until then the GPU works in the old mode.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
    """
    for gpu in smi.gpus:
        now, then = (gpu.mig_mode or "").lower(), (gpu.mig_mode_pending or "").lower()
        if now in _MODES and then in _MODES and now != then:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: MIG is {now}, and {then} only after a reset of the GPU",
                evidence=rows(seen("nvidia-smi, MIG Mode", f"Current {now}, Pending {then}"), smi_seen(smi)),
                source=MIG,
            )


@also(mig_mode_pending)
def in_messages(symptoms: tuple[Symptom, ...], smi: SmiFacts | None) -> Result:
    """The words of `nvidia-smi -mig 1`."""
    told = smi is not None and any(gpu.mig_mode_pending for gpu in smi.gpus)
    waits = first(symptoms, "mig-mode-pending")
    if waits is not None and not told:
        yield Problem(
            subject="machine",
            message="the MIG mode that was asked for waits for a reset of the GPU",
            evidence=(quoted(waits),),
            source=MIG,
        )
