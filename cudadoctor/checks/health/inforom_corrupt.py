"""Finds a GPU whose infoROM is damaged."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.machine import smi_seen
from cudadoctor.facts.driver import SmiFacts

_WORDS = "inforom is corrupted"


@check(
    "HLTH008",
    severity=Severity.WARNING,
    messages=(
        Says(kinds=("inforom-corrupt",), message="nvidia-smi warns that a GPU's infoROM is damaged", source=NVML),
    ),
)
def inforom_corrupt(smi: SmiFacts) -> Result:
    """The GPU's infoROM is damaged.

    Why:
        The infoROM keeps the GPU's configuration and its counts of errors (ECC mode, retired pages). nvidia-smi prints
        "WARNING: infoROM is corrupted at gpu …" and ends with status 14. The GPU computes, but settings are lost at a
        restart, and its error counts cannot be trusted.

    How we know:
        nvidia-smi's own words, on a line before or after its table: "WARNING: infoROM is corrupted at gpu
        0000:01:00.0".

    Fix:
        Reboot once, with a power-off: a flush that was cut short is then repaired. If the warning stays, ask the
        vendor: the store is rewritten with the vendor's tool, or the card is replaced.

    Harmless when:
        The GPU is a desktop card that has no use for ECC, and it computes well.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    if _WORDS in (smi.message or "").lower():
        yield Problem(
            subject="machine",
            message="nvidia-smi warns that a GPU's infoROM is damaged",
            evidence=(smi_seen(smi),),
            source=NVML,
        )
