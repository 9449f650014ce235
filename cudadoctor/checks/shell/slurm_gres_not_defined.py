"""Finds jobs that ask Slurm for a GPU which it does not know."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="Slurm: generic resource scheduling", url="https://slurm.schedmd.com/gres.html", read_on="2026-12-01"
)


@check(
    "HPC003",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("slurm-gres-invalid",),
            message="Slurm knows no GPU resource of the name that the job asks for",
            source=_PAGE,
        ),
    ),
)
def slurm_gres_not_defined(symptoms: tuple[Symptom, ...]) -> Result:
    """The job asks for a GPU resource that this Slurm cluster, or this partition, does not define.

    Why:
        `--gres=gpu:TYPE:N` and `--gpus` name resources from gres.conf and slurm.conf. An unknown name or type is
        refused.

    How we know:
        "Invalid generic resource (gres) specification".

    Fix:
        List what the cluster offers with `sinfo -o '%P %G'`, and ask for one of these in a partition that has it:
        `#SBATCH --partition=gpu --gres=gpu:1`.

    Harmless when:
        Never.

    Sources:
        https://slurm.schedmd.com/gres.html
    """
    yield from decided_by_messages(symptoms)
