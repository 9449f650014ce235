"""Finds shared memory that is too small for several processes."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import NCCL_TROUBLE
from cudadoctor.checks.shared.machine import active, rows, seen
from cudadoctor.checks.shared.messages import every, first
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_PLACE = "/dev/shm"  # noqa: S108  named in messages, nothing is written
_SMALL = 64 << 20
"""What Docker and Kubernetes give a container that asks for nothing (docker run, --shm-size)."""


@check("CL003", severity=Severity.INFO)
def nccl_shm_too_small(
    limits: LimitFacts, os: OsFacts, gpus: tuple[GpuFacts, ...], envs: tuple[EnvFacts, ...] | None
) -> Result:
    """The shared memory /dev/shm is too small for NCCL or for the workers of a DataLoader.

    Why:
        A container gets 64 MiB of /dev/shm unless it asks for more. NCCL keeps about 10 MB there for each pair of GPUs
        and DataLoader workers hand over their batches there: it ends in "No space left on device", "Error while
        creating shared memory segment" or "Bus error".

    How we know:
        statvfs of /dev/shm in a container with a GPU and a torch for CUDA: 64 MiB or less. In a text: "unable to write
        to file </torch_…>: No space left on device", "Error while creating shared memory segment /dev/shm/nccl-…",
        "DataLoader worker (pid 123) is killed by signal: Bus error. It is possible that dataloader's workers are out of
        shared memory".

    Fix:
        Start the container with more: `docker run --shm-size=8g` or `--ipc=host` (compose: `shm_size: 8gb`);
        Kubernetes: mount an emptyDir with `medium: Memory` on /dev/shm.

        On a machine of its own: `mount -o remount,size=8G /dev/shm` as root, or remove what is left in /dev/shm of
        programs that are gone. Without any of that: `num_workers=0` for the DataLoader, `NCCL_SHM_DISABLE=1` for NCCL
        (slower).

    Harmless when:
        One process uses one GPU and loads its data itself.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    size = limits.shm_size
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None
    if os.container is None or size is None or size > _SMALL or not gpus or not wanted:
        return
    several = len(gpus) > 1
    yield Problem(
        subject=str(File(_PLACE)),
        message=f"{_PLACE} has {size >> 20} MiB"
        + (", too little for several GPUs" if several else ", too little for the workers of a DataLoader"),
        evidence=(seen(_PLACE, f"{size} bytes"), seen("container", os.container)),
        source=NCCL_TROUBLE,
        severity=Severity.WARNING if several else None,
        confidence=Confidence.LIKELY,
    )


@also(nccl_shm_too_small)
def in_messages(symptoms: tuple[Symptom, ...], limits: LimitFacts | None) -> Result:
    """A program could not make its segment."""
    said = first(symptoms, "shared-memory-full", "shared-memory-workers")
    confidence = Confidence.CERTAIN
    if said is None:
        said = next(
            (
                one
                for one in every(symptoms, "shared-memory-segment-failed")
                if one.values.get("error", "No space left on device").startswith("No space left")
            ),
            None,
        )
        if said is not None and "error" not in said.values:
            confidence = Confidence.LIKELY
    if said is None:
        return
    size = limits.shm_size if limits is not None else None
    yield Problem(
        subject=str(File(_PLACE)),
        message=f"{_PLACE} was too small for what the program wanted to share",
        evidence=rows(said.seen, seen(_PLACE, f"{size} bytes") if size is not None else None),
        source=NCCL_TROUBLE,
        severity=Severity.ERROR,
        confidence=confidence,
    )
