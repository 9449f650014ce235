"""Finds programs whose ranks use one GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NCCL: init.cc", url="https://github.com/NVIDIA/nccl/blob/master/src/init.cc", read_on="2026-12-01"
)


@check(
    "CL012",
    severity=Severity.ERROR,
    messages=(
        Says(kinds=("nccl-ranks-share-gpu",), message="two ranks of the program use the same GPU", source=_PAGE),
    ),
)
def ranks_share_gpu(symptoms: tuple[Symptom, ...]) -> Result:
    """Two ranks of a distributed program use the same GPU.

    Why:
        NCCL needs a GPU for each rank. More processes than GPUs, or a program that does not set its device from
        LOCAL_RANK, puts two ranks on one.

    How we know:
        "Duplicate GPU detected : rank … and rank … both on CUDA device …".

    Fix:
        Start as many processes as there are GPUs (`torchrun --nproc_per_node=N`), and in the program call
        `torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))` before the first use of CUDA.

    Harmless when:
        Never.

    Sources:
        https://docs.pytorch.org/docs/stable/elastic/run.html
    """
    yield from decided_by_messages(symptoms)
