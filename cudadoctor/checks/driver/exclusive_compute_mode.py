"""Finds a compute mode that keeps programs from the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CUDA_RUNTIME_ERRORS, SMI
from cudadoctor.checks.shared.kernel_log import events, xids
from cudadoctor.checks.shared.machine import active, failed_with, is_vgpu, named, rows, seen, smi_seen, vgpu_series
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_UNAVAILABLE = 46


@check("NVS006", severity=Severity.ERROR)
def exclusive_compute_mode(
    smi: SmiFacts,
    libcuda: LibcudaFacts | None,
    envs: tuple[EnvFacts, ...] | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """A GPU's compute mode lets one program use it at a time.

    Why:
        In mode Exclusive_Process ("E. Process" in nvidia-smi's table) one process has the GPU and the next one gets
        error 46 ("CUDA-capable device(s) is/are busy or unavailable"). A program of several processes (data loaders
        that use CUDA, torchrun on one GPU, a notebook that was left open) meets itself. The same error is given for a
        GPU in a bad state, and by a vGPU without a licence.

    How we know:
        nvidia-smi shows "Compute Mode: Exclusive_Process" and a program was refused: cuInit or torch gives 46
        (cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"). Error 46 alone, with no word
        of the mode, is said as possible only.

    Fix:
        See in `nvidia-smi` which process has the GPU and end it, or, as root, `nvidia-smi -c 0` for the default mode.
        Where the mode is Default already: end processes that were left behind (`fuser -v /dev/nvidia*`), reset the GPU
        or reboot. On a cluster the batch system sets the mode: ask for a GPU of your own, or for MPS.

    Harmless when:
        A site sets Exclusive_Process on purpose, with MPS or a batch system: while no program is refused, nothing is
        reported.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
        https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html
    """
    env = active(envs or ())
    live = env.torch.live if env is not None and env.torch is not None else None
    words = f"{live.error or ''} {live.warning or ''}".lower() if live is not None else ""
    told = code(symptoms, _UNAVAILABLE)
    if not failed_with(libcuda, _UNAVAILABLE) and "busy or unavailable" not in words and told is None:
        return
    for gpu in smi.gpus:
        if _exclusive(gpu.compute_mode):
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)} is in compute mode {gpu.compute_mode}, and a program was refused",
                evidence=rows(
                    seen("nvidia-smi", f"Compute Mode: {gpu.compute_mode}"),
                    smi_seen(smi),
                    quoted(told) if told is not None else None,
                ),
                source=SMI,
                confidence=Confidence.LIKELY,
            )


@also(exclusive_compute_mode)
def in_messages(
    symptoms: tuple[Symptom, ...],
    smi: SmiFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    kernel: KernelFacts | None,
    os: OsFacts | None,
) -> Result:
    """Error 46, where nothing tells the mode. What CUDA's manual names first for it is the compute mode."""
    told = code(symptoms, _UNAVAILABLE)
    if os is not None and os.wsl is not None:
        return  # WSL has no compute modes: `wsl-windows-side-broken`
    if first(symptoms, "off-the-bus") is not None or events(kernel, "fallen-off-bus") or xids(kernel, 79):
        return  # a GPU that is gone gives the same error
    if told is None or any(vgpu_series(gpu.name) for gpu in gpus or ()) or first(symptoms, "vgpu-size") is not None:
        return
    if smi is not None and any(gpu.compute_mode is not None or is_vgpu(gpu) for gpu in smi.gpus):
        return
    if kernel is not None and kernel.live:
        yield Unknown(subject="machine", reason="nvidia-smi did not tell the compute mode")
        return
    yield Problem(
        subject="machine",
        message="a program was refused the GPU (CUDA error 46): another one has it to itself, or it is in a bad state",
        evidence=(quoted(told),),
        source=CUDA_RUNTIME_ERRORS,
        confidence=Confidence.POSSIBLE,
    )


def _exclusive(mode: str | None) -> bool:
    """`Exclusive_Process`, `Exclusive_Thread`; "E. Process" and "E. Thread" in the table."""
    word = (mode or "").lower().replace(" ", "").replace("_", "")
    return word.startswith("exclusive") or word in ("e.process", "e.thread")
