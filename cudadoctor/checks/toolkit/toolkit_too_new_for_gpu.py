"""Finds a toolkit that no longer knows this GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.gpu_code import asked
from cudadoctor.checks.shared.machine import clean, gpu_shown, rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK008", severity=Severity.WARNING)
def toolkit_too_new_for_gpu(toolkit: ToolkitInventory, gpus: tuple[GpuFacts, ...]) -> Result:
    """The nvcc in use no longer compiles for this GPU's architecture.

    Why:
        A toolkit drops old architectures: CUDA 12 those before Maxwell, CUDA 13 those before Turing. Asked for one of
        them nvcc stops with "Unsupported gpu architecture".

    How we know:
        The version of the toolkit in use against the last one for the GPU's compute capability; in a text "nvcc fatal :
        Unsupported gpu architecture 'compute_35'" with an architecture that is older than the toolkit. One that is
        newer is `toolkit-too-old-for-gpu`; where the toolkit's version is not told, it may be either, and nothing is
        said.

    Fix:
        Compile with the last toolkit that knows the GPU (12.9 for Maxwell, Pascal and Volta; 11.8 for Kepler);
        several toolkits can stand side by side, CUDA_HOME chooses. Where the program only lists the old architecture
        among others and the GPU is newer, take it out of TORCH_CUDA_ARCH_LIST or CMAKE_CUDA_ARCHITECTURES.

    Harmless when:
        Nothing is compiled here: torch's own packages do not use this nvcc.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    from cudadoctor.compat import toolkits

    for one in toolkits_in_use(toolkit):
        if one.nvcc is None:
            continue
        subject = str(Toolkit(clean(one.real_root)))
        for gpu in gpus:
            if one.version is None or gpu.compute_capability is None:
                what = "its version" if one.version is None else f"the capability of GPU {gpu.index}"
                yield Unknown(subject=subject, reason=f"{what} is not known")
                continue
            known = toolkits.supports(one.version.cuda, gpu.compute_capability)
            last = toolkits.last_toolkit_for(gpu.compute_capability)
            if known is None:
                yield Unknown(
                    subject=subject, reason=f"whether CUDA {one.version} knows GPU {gpu.index} is in no table"
                )
            elif not known and last is not None and one.version.cuda > last.cuda:
                yield Problem(
                    subject=subject,
                    message=(
                        f"{toolkit_shown(one)} no longer knows {gpu_shown(gpu)} "
                        f"(compute capability {gpu.compute_capability}, known up to CUDA {last.release})"
                    ),
                    evidence=rows(one.seen, seen(gpu.capability_from or "GPU", f"{gpu.compute_capability}")),
                    source=INSTALL_GUIDE,
                )
                break


@also(toolkit_too_new_for_gpu)
def in_messages(
    symptoms: tuple[Symptom, ...],
    toolkit: ToolkitInventory | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """Nvcc itself said so, of an architecture that it has dropped."""
    found = asked(symptoms, toolkit, envs)
    if found is None:
        return
    if found.verdict == "unknown":
        reason = "nvcc refuses an architecture; whether it is too old or too new for it is not told"
        yield Unknown(subject=found.subject, reason=reason)
    elif found.verdict == "too-new":
        yield Problem(
            subject=found.subject,
            message=f"nvcc no longer knows compute capability {found.capability}: it is known {found.until}",
            evidence=found.evidence,
            source=INSTALL_GUIDE,
            severity=Severity.ERROR,
            confidence=found.confidence,
        )
