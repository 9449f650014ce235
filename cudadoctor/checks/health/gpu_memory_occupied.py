"""Finds GPUs whose memory others use."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import SMI, TORCH_OOM
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom

_OUT_OF_MEMORY = 2
_NEARLY_ALL = 0.9
_GIB = {"GiB": 1.0, "MiB": 1 / 1024}
_WORTH = 1.0
"""GiB that another process must hold for it to be the reason: less than that is a display's, or a context's."""


@check("TR003", severity=Severity.INFO)
def gpu_memory_occupied(smi: SmiFacts, symptoms: tuple[Symptom, ...] | None) -> Result:
    """Programs that run use nearly all memory of a GPU.

    Why:
        What another process holds is not there for a new one: the new program ends with "CUDA out of memory" although
        the GPU would be large enough. Common are notebooks whose kernel was left running, servers that take most of
        the memory when they start (an inference server, a desktop), and other users.

    How we know:
        nvidia-smi counts nine tenths of the memory in use and lists processes; in a text "CUDA out of memory" with
        "Process 7478 has 20.08 GiB memory in use". An out of memory of the program's own making is not reported.

    Fix:
        See in `nvidia-smi` which processes have the memory. End what is yours and not needed (restart the notebook's
        kernel), wait, or take another GPU with CUDA_VISIBLE_DEVICES; a setting such as the inference server's share of
        memory leaves room for others.

    Harmless when:
        It is the work that was meant: then it is information.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    refused = code(symptoms, _OUT_OF_MEMORY)
    for gpu in smi.gpus:
        used, total = gpu.memory_used_mib, gpu.memory_total_mib
        if not used or not total or not gpu.processes or used < _NEARLY_ALL * total:
            continue
        yield Problem(
            subject=str(Gpu(gpu.index)),
            message=f"{named(gpu)}: {used} of {total} MiB are in use by {gpu.processes} running program"
            + ("s" if gpu.processes > 1 else ""),
            evidence=rows(
                seen("nvidia-smi", f"{used} MiB / {total} MiB"),
                smi_seen(smi),
                None if refused is None else quoted(refused),
            ),
            source=SMI,
        )


@also(gpu_memory_occupied)
def in_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """Torch's own account, in its message: "Process 7478 has 20.08 GiB memory in use"."""
    other = first(symptoms, "memory-of-another-process")
    if other is None or code(symptoms, _OUT_OF_MEMORY) is None:
        return
    amounts = [
        float(one.values.get("amount", "0")) * _GIB.get(one.values.get("unit", ""), 0)
        for one in symptoms
        if one.kind == "memory-of-another-process"
    ]
    if sum(amounts) >= _WORTH:
        yield Problem(
            subject="machine",
            message=f"a program ran out of GPU memory while other processes held {sum(amounts):.1f} GiB of it",
            evidence=(quoted(other),),
            source=TORCH_OOM,
            severity=Severity.WARNING,
            confidence=Confidence.LIKELY,
        )
