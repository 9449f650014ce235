"""Finds a system whose C library CUDA and torch are not made for."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MANYLINUX
from cudadoctor.checks.shared.machine import active, rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.driver import DeviceNode
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("OS006", severity=Severity.INFO)
def libc_unsupported(
    limits: LimitFacts,
    os: OsFacts,
    nodes: tuple[DeviceNode, ...] | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """This system's C library is musl (Alpine Linux): NVIDIA's driver, CUDA and torch's wheels need glibc.

    Why:
        NVIDIA builds for glibc only, and so does PyTorch (manylinux). pip says "no matching distribution found for
        torch"; a library that is copied in ends in "Error relocating" or "Error loading shared library
        ld-linux-x86-64.so.2".

    How we know:
        The loader is musl's (/lib/ld-musl-*) and there is no glibc; in a text "Error relocating …: … symbol not found"
        or "Error loading shared library ld-linux-x86-64.so.2" with a library of CUDA's or torch's.

    Fix:
        Use an image or a system with glibc: `python:3.12-slim` or `nvidia/cuda` for Alpine's images, with the same
        Dockerfile otherwise (`apt-get` for `apk`). gcompat does not help: it has too little of glibc.

    Harmless when:
        Nothing of CUDA or torch is wanted here.

    Sources:
        https://peps.python.org/pep-0656/
    """
    if limits.musl and os.glibc is None:
        gpu = any(node.path.startswith("/dev/nvidia") for node in nodes or ())
        env = active(envs or ())
        wanted = gpu or (env is not None and env.torch is not None and env.torch.cuda is not None)
        yield Problem(
            subject="machine",
            message="the C library is musl, and CUDA and torch are made for glibc only",
            evidence=(seen("/lib", "ld-musl-*.so.1"),),
            source=MANYLINUX,
            severity=Severity.WARNING if wanted else None,
        )


@also(libc_unsupported)
def in_messages(symptoms: tuple[Symptom, ...], os: OsFacts | None) -> Result:
    """The loader of musl said so."""
    said = first(symptoms, "musl-loader")
    if said is not None and (os is None or os.glibc is None):
        yield Problem(
            subject="machine",
            message="the C library is musl, and a library that is made for glibc was to be loaded",
            evidence=rows(said.seen),
            source=MANYLINUX,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
