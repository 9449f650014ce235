"""Reports an error that torch raised while it computed."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_SEMANTICS
from cudadoctor.checks.shared.smoke_results import BEFORE, EXCHANGE, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM004", severity=Severity.ERROR)
def torch_work_fails(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """Torch raised an error in a test that works on a sound machine.

    Why:
        `torch.cuda.is_available()` only says that the driver answers. Kernels for this GPU, memory, and each of the
        libraries (cuBLAS, cuDNN, cuFFT, cuSOLVER, cuSPARSE, cuRAND, NCCL) come into play later, one by one. The
        test's layer says which one refused, and the message why.

    How we know:
        A test of `cudadoctor smoke` ended with an exception of torch's; its message is quoted. A wrong result is
        `torch-computes-wrongly`.

    Fix:
        Read the message: it names what refused.

        "no kernel image is available": this build has no code for this GPU. `cudadoctor recommend` names the one that
        has. `CUBLAS_STATUS_…`, `CUDNN_STATUS_…`: other libraries than torch's own are loaded, or memory is short. Unset
        `LD_LIBRARY_PATH`, look at the paths in the result of `libraries`, and at `nvidia-smi` for who holds the memory.

        "out of memory": end what else runs there. "unknown error", "an illegal memory access": look at `dmesg` for an
        Xid; after suspend, reload `nvidia_uvm`.

    Harmless when:
        The GPU was full because another job ran at the same time.

    Sources:
        https://docs.pytorch.org/docs/stable/notes/cuda.html
    """
    left_out = (*EXCHANGE, *BEFORE)
    found = [one for one in smoke.failed if one.outcome == "fail" and not one.wrong and one.name not in left_out]
    yield from problems(found, smoke, gpus, "torch fails on {where}", CUDA_SEMANTICS)
