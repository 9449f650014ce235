"""What several checks ask of the error messages that were met. Pure, and no rule of its own."""

from __future__ import annotations

import re

from cudadoctor.checks.base import Severity
from cudadoctor.checks.common import bare, clean
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts, SmiGpu
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_LAPTOP = re.compile(r"\b(?:laptop|mobile|max-q|notebook)\b|\b(?:GTX|MX|RTX|GT) ?\d{3,4}M\b", re.IGNORECASE)
_CONSUMER = re.compile(r"\b(?:geforce|titan|quadro|rtx (?:pro |a)?\d|nvs|gtx)\b", re.IGNORECASE)
# "GRID V100D-2B", "NVIDIA A40-4A", "NVIDIA L40S-24C", "GRID T4-16Q", "NVIDIA A100-3-20C": product, memory, series.
_PROFILE = re.compile(r"(?:GRID |NVIDIA )\w[\w -]{1,40}?-\d{1,3}([ABCQ])\d?(?:ME)?\Z")


def said(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Symptom | None:
    """The first message of one of these kinds."""
    return next((one for one in symptoms or () if one.kind in kinds), None)


def code(symptoms: tuple[Symptom, ...] | None, *codes: int) -> Symptom | None:
    """The first message with one of these codes of the CUDA driver."""
    return said(symptoms, *(f"cuda-error-{number}" for number in codes))


def quoted(symptom: Symptom) -> Seen:
    """Evidence: the message as it stands."""
    return Seen(where=clean(symptom.seen.where), text=clean(symptom.seen.text))


def failed_with(libcuda: LibcudaFacts | None, *codes: int) -> bool:
    """CUDA's driver library refused with one of these codes."""
    return libcuda is not None and libcuda.cuinit in codes


def laptop(name: str | None) -> bool:
    """The GPU's name is that of a laptop's: power and clocks there follow the battery and the lid."""
    return _LAPTOP.search(name or "") is not None


def consumer(name: str | None) -> bool:
    """A GeForce or a workstation card, as far as the name tells."""
    return _CONSUMER.search(name or "") is not None


def vgpu_series(name: str | None) -> str | None:
    """`A`, `B`, `C` or `Q` of a virtual GPU's profile, from its name; None where it is no such name."""
    match = _PROFILE.match((name or "").strip())
    return match.group(1) if match else None


def is_vgpu(gpu: SmiGpu) -> bool:
    """It is a part of a GPU that a hypervisor lends to this guest."""
    return (gpu.virtualization or "").upper() == "VGPU" or vgpu_series(gpu.name) is not None


def lends(smi: SmiFacts | None) -> bool:
    """The machine lends parts of its GPUs to guests (a vGPU host): what they use is not listed here."""
    return smi is not None and any("HOST" in (gpu.virtualization or "").upper() for gpu in smi.gpus)


def guest(gpu: SmiGpu) -> bool:
    """A virtual machine: the slot that it sees is none of iron."""
    return (gpu.virtualization or "None").lower() not in ("none", "n/a")


def whole_view(os: OsFacts | None) -> bool:
    """What this shell sees of processes and devices is the whole machine."""
    return os is not None and bare(os)


def named(gpu: SmiGpu) -> str:
    """`GPU 0 (NVIDIA A10)`."""
    return f"GPU {gpu.index} ({clean(gpu.name, 80)})" if gpu.name else f"GPU {gpu.index}"


def milder(on: bool) -> Severity | None:
    """INFO where `on`, else the check's own severity."""
    return Severity.INFO if on else None


def names(gpus: tuple[GpuFacts, ...] | None) -> tuple[str, ...]:
    """The names that are known."""
    return tuple(gpu.name for gpu in gpus or () if gpu.name)
