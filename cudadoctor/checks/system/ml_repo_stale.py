"""Says that NVIDIA's machine learning repository is still configured."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_KEY_ROTATION
from cudadoctor.checks.shared.machine import seen
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.subject import File

_PLACE = "/compute/machine-learning/repos/"


@check("APT008", severity=Severity.INFO)
def ml_repo_stale(distro: DistroFacts) -> Result:
    """NVIDIA's former machine learning repository is still configured.

    Why:
        cuDNN, NCCL and TensorRT moved from .../compute/machine-learning/repos to the CUDA repository. The old one is
        not kept up and gets no new versions; with it cuDNN and NCCL stay at versions of 2021, and apt may complain of
        its key.

    How we know:
        An address with /compute/machine-learning/repos/ in apt's sources.

    Fix:
        `sudo rm /etc/apt/sources.list.d/nvidia-ml.list` (or the line that is named here), then `sudo apt-get update`.
        The CUDA repository has cuDNN (`cudnn9-cuda-12`) and NCCL (`libnccl2`). A torch wheel brings its own copies
        and needs neither.

    Harmless when:
        Exactly those old versions are wanted.

    Sources:
        https://github.com/NVIDIA/cuda-repo-management/issues/4
    """
    for one in distro.sources or ():
        if _PLACE in one.uri:
            yield Problem(
                subject=str(File(one.file, one.line)),
                message="NVIDIA's machine learning repository is not kept up; the CUDA repository has its packages",
                evidence=(seen(f"{one.file}:{one.line}", one.uri),),
                source=CUDA_KEY_ROTATION,
            )
