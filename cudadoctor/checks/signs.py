"""When a mere sign (nvidia-smi or CUDA fails) may be called an error: what the rules about signs share."""

from __future__ import annotations

from cudadoctor.checks.base import Unknown
from cudadoctor.checks.common import bare
from cudadoctor.facts.driver import PciFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts

UNSURE = Unknown(subject="machine", reason="what could tell that it is meant to be so was not to be had")


def unsure(os: OsFacts | None, kernel: KernelFacts | None, pci: PciFacts | None, *facts: object) -> bool:
    """A fact is missing that a running machine has, and that tells a GPU that is off on purpose from a broken one.

    A container and WSL have no kernel and no bus of their own to ask. In a text hardly a fact is known, and what it
    shows is what somebody asks about.
    """
    if os is None:
        return kernel is not None and kernel.live
    if os.uid is None:
        return False
    return (bare(os) and (kernel is None or pci is None)) or any(one is None for one in facts)
