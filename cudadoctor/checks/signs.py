"""When a mere sign (nvidia-smi or CUDA fails) may be called an error: what four rules about signs share."""

from __future__ import annotations

from cudadoctor.checks.base import Unknown
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts

UNSURE = Unknown(subject="machine", reason="what could tell that it is meant to be so was not to be had")


def unsure(os: OsFacts | None, kernel: KernelFacts | None, *facts: object) -> bool:
    """A fact is missing that a running machine has, and that tells a GPU that is off on purpose from a broken one.

    In a text hardly a fact is known, and what it shows is what somebody asks about.
    """
    here = (os is not None and os.uid is not None) or (kernel is not None and kernel.live)
    return here and any(one is None for one in (os, kernel, *facts))
