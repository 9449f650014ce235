"""Finds a compiled companion without code for this GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CPP_ABI
from cudadoctor.checks.shared.gpu_code import gpu_refusal, one_device, refused, served
from cudadoctor.checks.shared.machine import clean, rows
from cudadoctor.checks.shared.messages import capability, first, shown, subject, torch_of
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom


@check("TB008", severity=Severity.ERROR)
def extension_built_for_other_arch(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, gpus: tuple[GpuFacts, ...] | None
) -> Result:
    """A compiled extension has no code for this GPU, though torch itself has.

    Why:
        Extensions that are compiled on the spot are made for the GPU that is there at that moment, or for
        TORCH_CUDA_ARCH_LIST. In `docker build`, on a login node and in CI no GPU is visible; on another machine it is
        another GPU. The first kernel of the extension then ends with "no kernel image is available for execution on
        the device", while plain torch computes on the same GPU.

    How we know:
        "no kernel image is available for execution on the device" on one GPU, while torch's own list supports that GPU,
        or a TORCH_CUDA_ARCH_LIST in the text leaves it out; or "FlashAttention only supports Ampere GPUs or newer".
        Where torch's list lacks the GPU it is `arch-not-in-build-gpu-newer` or `-older`.

    Fix:
        Compile the extension again for this GPU. Prove that torch is not it: `python -c "import torch;
        print(torch.ones(1).cuda() + 1)"`. Then compile the extension again with the capabilities of all GPUs that it
        shall run on, and a last one with PTX: `TORCH_CUDA_ARCH_LIST="7.5 8.0 8.6 9.0+PTX" pip install
        --no-build-isolation --no-cache-dir --force-reinstall --no-deps NAME` (in a Dockerfile: ENV TORCH_CUDA_ARCH_LIST
        before that line).

        `nvidia-smi --query-gpu=compute_cap --format=csv` prints a GPU's number. The toolkit must know it: 8.6 needs
        CUDA 11.1, 8.9 and 9.0 11.8, 12.0 12.8. flash-attn 2 has code for Ampere and newer only: on Turing (T4, RTX 20)
        and Volta take torch's own attention (`attn_implementation="sdpa"` in transformers) or flash-attn 1.

    Harmless when:
        Never: the kernel was not started.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    ampere = first(symptoms, "flash-attention-gpu")
    if ampere is not None:
        _, older = one_device(symptoms, gpus)
        yield Problem(
            subject=subject(envs),
            message=f"flash-attn is built for Ampere and newer GPUs, and {older} is older",
            evidence=(ampere.seen,),
            source=CPP_ABI,
        )
        return
    one = refused(symptoms)
    device, gpu = one_device(symptoms, gpus)
    if one is None or device is None or gpu_refusal(symptoms, envs, gpus) is not None:
        return
    built = first(symptoms, "extension-arch-list")
    works = served(torch_of(envs), device)
    archs = built.values["archs"].replace(";", " ").replace(",", " ").split() if built is not None else []
    left_out = bool(archs) and device not in {capability(word.removesuffix("+PTX")) for word in archs}
    if works is False or not (works or left_out):
        return
    listed = f"; extensions were compiled for {clean(' '.join(archs), 80)}" if left_out else ""
    yield Problem(
        subject=subject(envs),
        message=f"a compiled extension beside {shown(envs)} has no code for {gpu}, compute capability {device}{listed}",
        evidence=rows(one.seen, built.seen if built is not None and left_out else None),
        source=CPP_ABI,
        confidence=Confidence.LIKELY if works else Confidence.POSSIBLE,
    )
