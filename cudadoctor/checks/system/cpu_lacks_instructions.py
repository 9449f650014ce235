"""Finds processors that lack instructions which a build uses."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(title="PyTorch: from source", url="https://github.com/pytorch/pytorch#from-source", read_on="2026-12-01")


@check(
    "OS013",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("illegal-instruction",),
            message="the program used an instruction that this processor does not have",
            source=_PAGE,
            beside=("torch-named",),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def cpu_lacks_instructions(symptoms: tuple[Symptom, ...]) -> Result:
    """The processor, or what a virtual machine shows of it, lacks instructions that this build uses.

    Why:
        torch's wheels and the libraries under it are built for processors with AVX, and AVX2 in parts. An older
        processor, or a virtual machine with a generic CPU type (qemu64, kvm64), stops the program with SIGILL.

    How we know:
        "Illegal instruction", SIGILL or exit code 132 from a program that uses torch.

    Fix:
        In a virtual machine, show it the host's processor: CPU type `host` (Proxmox, libvirt `host-passthrough`).

        On a processor without AVX (`grep -o -m1 avx2 /proc/cpuinfo` prints nothing): use conda-forge's build of
        torch, an older torch, or build it from source.

    Harmless when:
        Never.

    Sources:
        https://github.com/pytorch/pytorch#from-source
    """
    yield from decided_by_messages(symptoms)
