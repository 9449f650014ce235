"""Finds a toolkit that does not know this GPU."""

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


@check("TK007", severity=Severity.WARNING)
def toolkit_too_old_for_gpu(toolkit: ToolkitInventory, gpus: tuple[GpuFacts, ...]) -> Result:
    """The nvcc in use does not know this GPU's architecture.

    Why:
        nvcc compiles for the architectures that existed when it was made. Asked for a newer one it stops with
        "Unsupported gpu architecture".

    How we know:
        The version of the toolkit in use against the first one for the GPU's compute capability; in a text "nvcc fatal
        : Unsupported gpu architecture 'compute_89'" (or "Value 'sm_120' is not defined for option 'gpu-architecture'")
        with an architecture that came after the toolkit.

    Fix:
        Compile with a newer toolkit (without an administrator: `conda install -c nvidia cuda-toolkit=12.8`, then
        `export CUDA_HOME=$CONDA_PREFIX`); for torch extensions it must be of torch's CUDA major. Or compile for the
        newest architecture that nvcc knows, with PTX that the driver translates: `TORCH_CUDA_ARCH_LIST="8.0+PTX"`.

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
            first = toolkits.first_toolkit_for(gpu.compute_capability)
            if known is None:
                yield Unknown(
                    subject=subject, reason=f"whether CUDA {one.version} knows GPU {gpu.index} is in no table"
                )
            elif not known and first is not None and one.version.cuda < first.cuda:
                yield Problem(
                    subject=subject,
                    message=(
                        f"{toolkit_shown(one)} does not know {gpu_shown(gpu)} "
                        f"(compute capability {gpu.compute_capability}, known from CUDA {first.release} on)"
                    ),
                    evidence=rows(one.seen, seen(gpu.capability_from or "GPU", f"{gpu.compute_capability}")),
                    source=INSTALL_GUIDE,
                )
                break


@also(toolkit_too_old_for_gpu)
def in_messages(
    symptoms: tuple[Symptom, ...],
    toolkit: ToolkitInventory | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """Nvcc itself said so, of an architecture that came after it."""
    found = asked(symptoms, toolkit, envs)
    if found is not None and found.verdict == "too-old":
        yield Problem(
            subject=found.subject,
            message=f"nvcc does not know compute capability {found.capability}: it is known {found.since}",
            evidence=found.evidence,
            source=INSTALL_GUIDE,
            severity=Severity.ERROR,
            confidence=found.confidence,
        )
