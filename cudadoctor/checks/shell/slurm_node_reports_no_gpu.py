"""Finds Slurm nodes whose daemon detects no GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(title="Slurm: gres.conf", url="https://slurm.schedmd.com/gres.conf.html", read_on="2026-12-01")


@check(
    "HPC004",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("slurm-nvml-not-built", "slurm-gres-file-missing"),
            message="the node's Slurm daemon does not detect the GPUs that its configuration names",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def slurm_node_reports_no_gpu(symptoms: tuple[Symptom, ...]) -> Result:
    """The node's Slurm daemon detects fewer GPUs than its configuration names.

    Why:
        slurmd with `AutoDetect=nvml` needs a build with NVML and the driver's libnvidia-ml. Without them it reports
        no GPU, and the controller drains the node.

    How we know:
        "We were configured to autodetect nvml functionality, but we weren't able to find that lib" or "gres/gpu count
        reported lower than configured".

    Fix:
        On the node: see that `nvidia-smi` works. Then name the devices in gres.conf (`NodeName=… Name=gpu
        File=/dev/nvidia[0-3]`) instead of AutoDetect=nvml, or install a Slurm that was built with NVML. Restart
        slurmd and resume the node.

    Harmless when:
        The node has no GPU.

    Sources:
        https://slurm.schedmd.com/gres.conf.html
    """
    yield from decided_by_messages(symptoms)
