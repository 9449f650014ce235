"""Finds vGPU guests without a licence."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import VGPU_LICENCE
from cudadoctor.checks.shared.machine import clean, rows, smi_seen, vgpu_series
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_UNAVAILABLE = 46


@check("VIRT004", severity=Severity.WARNING)
def vgpu_unlicensed(smi: SmiFacts) -> Result:
    """A virtual GPU has no licence.

    Why:
        A vGPU guest without a licence works at full speed for a short time and is then slowed down; CUDA contexts
        can be refused with error 46.

    How we know:
        `nvidia-smi -q` says "License Status: Unlicensed" for a virtual GPU; in a text the same words of nvidia-gridd,
        or error 46 on a cloud size that has a part of a GPU.

    Fix:
        Put the site's client configuration token under /etc/nvidia/ClientConfigToken and restart nvidia-gridd; ask
        the administrator of the licence server.

    Harmless when:
        The guest has just been started and is still asking for its licence. A whole GPU with the GRID driver
        (pass-through, bare metal) needs a licence for its graphics only: there nothing is reported.

    Sources:
        https://docs.nvidia.com/vgpu/12.0/grid-licensing-user-guide/index.html
    """
    for gpu in smi.gpus:
        whole = (gpu.virtualization or "").lower() in ("none", "pass-through") and vgpu_series(gpu.name) is None
        if not whole and "unlicensed" in (gpu.license_status or "").lower():
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"the virtual GPU {gpu.index} has no licence (License Status: {clean(gpu.license_status, 60)})",
                evidence=rows(smi_seen(smi)),
                source=VGPU_LICENCE,
            )


@also(vgpu_unlicensed)
def in_messages(symptoms: tuple[Symptom, ...], smi: SmiFacts | None) -> Result:
    """The licence daemon's words; or error 46 of a vGPU: by its profile, or by the size of a cloud's machine."""
    if smi is not None and any(gpu.license_status for gpu in smi.gpus):
        return
    unlicensed = first(symptoms, "vgpu-unlicensed")
    size, refused = first(symptoms, "vgpu-size"), code(symptoms, _UNAVAILABLE)
    if unlicensed is not None:
        yield Problem(
            subject="machine",
            message="the virtual GPU has no licence",
            evidence=(quoted(unlicensed),),
            source=VGPU_LICENCE,
        )
        return
    if refused is None:
        return
    profile = next((gpu.name for gpu in (smi.gpus if smi is not None else ()) if vgpu_series(gpu.name)), None)
    if size is not None or profile is not None:
        yield Problem(
            subject="machine",
            message="a virtual GPU refuses programs (CUDA error 46): it has no licence, most likely",
            evidence=rows(quoted(refused), quoted(size) if size is not None else smi_seen(smi) if smi else None),
            source=VGPU_LICENCE,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
