"""Reports a wrong result of torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import NUMERICAL_ACCURACY
from cudadoctor.checks.shared.smoke_results import BEFORE, EXCHANGE, MEMORY, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM003", severity=Severity.ERROR)
def torch_computes_wrongly(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """Torch computed something wrong: a result is outside what rounding explains.

    Why:
        Each result is compared with one that is known: exact for integers, within a limit for floating point that is
        several times what rounding gives and far below what a wrong number type, a broken library or damaged hardware
        gives. The limits stand in docs/smoke.md. A result outside is no matter of taste.

    How we know:
        A test of `cudadoctor smoke` ended with numbers that differ from the known ones by more than its limit; the
        result names the layer (matmul, convolution, FFT …), the difference and the limit.

    Fix:
        Find out whether it is one GPU, the libraries, or the build. `NVIDIA_TF32_OVERRIDE`, `CUBLAS_*` and other
        overriding variables: unset them and try again.

        On one GPU of several: the hardware. `cudadoctor smoke --device cuda:N --level burn`, `nvidia-smi -q -d ECC`, no
        overclocking, another slot.

        In one layer on every GPU (cuBLAS, cuDNN …): the libraries. `cudadoctor check` says whether `LD_LIBRARY_PATH` or
        mixed `nvidia-*` packages put others in their place; install torch into a fresh environment.

        On the CPU too: the build. Install another version.

    Harmless when:
        A new GPU with an older torch may hit a defect that is fixed already: then another version cures it.

    Sources:
        https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html
    """
    left_out = (*MEMORY, *EXCHANGE, *BEFORE)
    found = [one for one in smoke.failed if one.outcome == "fail" and one.wrong and one.name not in left_out]
    yield from problems(found, smoke, gpus, "torch computes wrongly on {where}", NUMERICAL_ACCURACY)
