"""Finds memory errors that could not be corrected."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS, MEMORY_ERRORS
from cudadoctor.checks.shared.kernel_log import answers
from cudadoctor.checks.shared.machine import rows, smi_seen
from cudadoctor.checks.shared.messages import code, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_ECC_UNCORRECTABLE = 214
_CONTAINED = 94
_XIDS = {48: "a double bit error", 94: "an error that was contained", 95: "an error that was not contained"}
"""Xid: what NVIDIA's catalogue of them says it is, in memory that ECC watches."""
_RECENT = 86400.0
"""Seconds: what the log has from longer ago, a reset has most likely cured."""


@check("HLTH003", severity=Severity.ERROR)
def gpu_ecc_hardware_fault(smi: SmiFacts) -> Result:
    """The GPU's memory has errors that could not be corrected.

    Why:
        An uncorrectable error has ended programs or spoilt their results: CUDA error 214 ("uncorrectable ECC error
        encountered"), Xid 48, 94 or 95 in the kernel's log.

    How we know:
        `nvidia-smi -q -d ECC`: uncorrectable errors since the driver was loaded ("Volatile"), Xid 48, 94 or 95 in the
        kernel's log of the last day, or CUDA error 214 ("uncorrectable ECC error encountered"). A GPU whose row waits
        for a remapping is `gpu-row-remap-pending`.

    Fix:
        Reset the GPU (as root, with nothing using it: `nvidia-smi --gpu-reset -i` and its index) or reboot, and run
        the vendor's diagnosis (`dcgmi diag -r 3`). If the errors come back: have the GPU replaced. In the cloud: give
        the machine back and start another one.

    Harmless when:
        The count comes from one event that a reset has already cured: it goes back to zero when the driver is loaded
        anew.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
    """
    for gpu in smi.gpus:
        if gpu.ecc_uncorrected and not gpu.row_remap_pending and not gpu.row_remap_failure:
            plural = "s" if gpu.ecc_uncorrected > 1 else ""
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"GPU {gpu.index} had {gpu.ecc_uncorrected} memory error{plural} that could not be corrected",
                evidence=rows(smi_seen(smi)),
                source=MEMORY_ERRORS,
                confidence=Confidence.LIKELY,
            )


@also(gpu_ecc_hardware_fault)
def in_messages(symptoms: tuple[Symptom, ...], smi: SmiFacts | None) -> Result:
    """CUDA's own word for it; a GPU that nvidia-smi counts errors for is named by the rule above."""
    counted = smi is not None and any(gpu.ecc_uncorrected or gpu.row_remap_failure for gpu in smi.gpus)
    error = code(symptoms, _ECC_UNCORRECTABLE)
    if error is not None and not counted:
        yield Problem(
            subject="machine",
            message="a program met a memory error of the GPU that could not be corrected (CUDA error 214)",
            evidence=(quoted(error),),
            source=CUDA_ERRORS,
        )


@also(gpu_ecc_hardware_fault)
def from_log(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The Xids for it in the kernel's log; not beside a row that waits for its reset, which is the same fault.

    Where the driver says that no recovery is needed, or the error was contained to the program that met it, the GPU
    works on, and it is a warning.
    """
    index = {gpu.pci_bus_id: gpu.index for gpu in gpus or () if gpu.pci_bus_id}
    waiting = {gpu.bus_id for gpu in (smi.gpus if smi else ()) if gpu.row_remap_pending or gpu.row_remap_failure}
    well = {gpu.bus_id for gpu in (smi.gpus if smi else ()) if (gpu.recovery_action or "").lower() == "none"}
    for event in kernel.events or ():
        what = _XIDS.get(event.code or 0) if event.kind == "xid" else None
        if what is None or (event.age is not None and event.age > _RECENT) or event.bus_id in waiting:
            continue
        contained, at_work = event.code == _CONTAINED, answers(event.bus_id, kernel, smi)
        where = str(Gpu(index[event.bus_id])) if event.bus_id in index else "machine"
        yield Problem(
            subject=where,
            message=f"the GPU's memory had {what} (Xid {event.code}{f' of {event.bus_id}' if event.bus_id else ''})",
            evidence=(event.seen,),
            source=MEMORY_ERRORS,
            severity=Severity.WARNING if event.bus_id in well or (contained and at_work) else None,
        )
