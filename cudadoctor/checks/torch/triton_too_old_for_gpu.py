"""Finds JIT compilers that are older than the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="Triton: the NVIDIA compiler",
    url="https://github.com/triton-lang/triton/blob/main/third_party/nvidia/backend/compiler.py",
    read_on="2026-12-01",
)


@check(
    "TR017",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("jit-compiler-too-old",),
            message="the compiler inside a JIT package is older than the GPU and does not know its architecture",
            source=_PAGE,
            subject="env",
            unless=(),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def triton_too_old_for_gpu(symptoms: tuple[Symptom, ...]) -> Result:
    """The compiler inside Triton or another JIT package does not know this GPU's architecture.

    Why:
        Triton, numba and others bring a ptxas or an LLVM of their own. One from before the GPU stops at the first
        kernel that it compiles, although torch itself has code for the GPU.

    How we know:
        "ptxas fatal: Value 'sm_…' is not defined for option 'gpu-name'", "Unsupported .version …; current version is
        …" or "'sm_…' is not a recognized processor for this target".

    Fix:
        Install the Triton that belongs to a torch new enough for the GPU (upgrade torch; Triton comes with it).

        If that is not possible, let Triton use a newer ptxas: `export TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas` of
        a toolkit that knows the GPU.

    Harmless when:
        Nothing is compiled at run time (no torch.compile, no Triton kernels).

    Sources:
        https://github.com/triton-lang/triton
    """
    yield from decided_by_messages(symptoms)
