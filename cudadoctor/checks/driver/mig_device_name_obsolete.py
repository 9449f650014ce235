"""Finds MIG devices that are named in the old way."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="MIG User Guide: device names",
    url="https://docs.nvidia.com/datacenter/tesla/mig-user-guide/",
    read_on="2026-12-01",
)


@check(
    "VIRT013",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("mig-device-old-name",),
            message="a MIG device has a name from before R470; `nvidia-smi -L` prints the one that works",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def mig_device_name_obsolete(symptoms: tuple[Symptom, ...]) -> Result:
    """A MIG device is named in the way of drivers before R470.

    Why:
        Drivers before R470 named MIG devices MIG-GPU-<uuid>/<instance>/<compute instance>. Newer drivers give each a
        UUID of its own and do not find the old names.

    How we know:
        `MIG-GPU-…/…/…` in CUDA_VISIBLE_DEVICES, NVIDIA_VISIBLE_DEVICES or `--gpus`.

    Fix:
        Use the name that `nvidia-smi -L` prints: `MIG-` and a UUID.

    Harmless when:
        The driver is older than R470.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
    """
    yield from decided_by_messages(symptoms)
