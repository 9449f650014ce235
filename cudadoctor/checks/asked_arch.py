"""An architecture that nvcc refused: whether it came after this nvcc, or was dropped before it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.checks.base import Confidence
from cudadoctor.checks.common import active, clean, rows, toolkits_in_use
from cudadoctor.checks.said import first
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory
from cudadoctor.versions import ComputeCapability, CudaVersion


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked of nvcc, and how the two stand to one another."""

    subject: str
    capability: ComputeCapability
    verdict: Literal["too-old", "too-new", "unknown"]
    confidence: Confidence
    since: str
    until: str
    evidence: tuple[Seen, ...]


def asked(
    symptoms: tuple[Symptom, ...] | None,
    toolkit: ToolkitInventory | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Asked | None:
    """The first architecture that nvcc refused.

    One that no toolkit has dropped can only be too new for this nvcc. Of one that was dropped, the toolkit's version
    decides; where that is not known, the CUDA of torch, for which extensions are built.
    """
    from cudadoctor.compat import toolkits

    said = first(symptoms, "unsupported-gpu-architecture")
    if said is None:
        return None
    number = said.values["arch"]
    capability = ComputeCapability.parse(f"{number[:-1]}.{number[-1]}")
    if capability is None:
        return None
    since, last = toolkits.first_toolkit_for(capability), toolkits.last_toolkit_for(capability)
    used = toolkits_in_use(toolkit) if toolkit is not None else ()
    known = next((one for one in used if one.version is not None), None)
    env = active(envs or ())
    torch = None if env is None or env.torch is None else env.torch.cuda
    verdict: Literal["too-old", "too-new", "unknown"] = "unknown"
    confidence = Confidence.CERTAIN
    dropped_before: CudaVersion | None = last
    if dropped_before is None:
        verdict = "too-old" if since is not None else "unknown"
    elif known is not None and known.version is not None:
        newer = known.version.cuda > dropped_before.cuda
        verdict = (
            "too-new" if newer else "too-old" if since is not None and known.version.cuda < since.cuda else "unknown"
        )
    elif torch is not None:
        confidence = Confidence.LIKELY
        verdict = "too-new" if torch.cuda > dropped_before.cuda else "unknown"
    elif capability.major < 5:
        # Kepler and Fermi: their first toolkits are of 2012 and older, and had no torch.
        verdict, confidence = "too-new", Confidence.LIKELY
    return Asked(
        subject=f"toolkit:{clean(known.real_root)}" if known is not None else "machine",
        capability=capability,
        verdict=verdict,
        confidence=confidence,
        since=f"from CUDA {since.release} on" if since is not None else "by newer toolkits",
        until=f"up to CUDA {last.release}" if last is not None else "by older toolkits",
        evidence=rows(said.seen, known.seen if known is not None else None),
    )
