"""Finds a glibc whose headers nvcc's do not go with."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import GLIBC_241
from cudadoctor.checks.shared.machine import clean, release, rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitInventory


@check("CC004", severity=Severity.WARNING)
def glibc_too_new_for_nvcc(toolkit: ToolkitInventory, os: OsFacts) -> Result:
    """The system's glibc is newer than this toolkit's headers: no CUDA file compiles.

    Why:
        glibc 2.41 declares cospi and sinpi, glibc 2.42 rsqrt too, and the toolkit's crt/math_functions.h declares them
        in another way: "exception specification is incompatible with that of previous function". Ubuntu 25.04 and
        newer, Debian 13, Fedora 42, Arch and Tumbleweed have such a glibc.

    How we know:
        The compiler's 'exception specification is incompatible with that of previous function "cospi"' (or sinpi,
        rsqrt). On a live machine the version of glibc against that of the toolkit in use.

    Fix:
        Compile with a newer toolkit (CUDA 13.0 for glibc 2.41, 13.2 for glibc 2.42), with conda's compilers and
        toolkit, which bring an older sysroot (`conda install -c conda-forge gxx cuda-nvcc=12.8 cuda-cudart-dev`), or in
        a container with an older system (`nvidia/cuda:12.8.1-devel-ubuntu24.04`). Do not downgrade glibc.

    Harmless when:
        Nothing is compiled here; or the distribution has corrected the toolkit's header, as Arch and Nix do.

    Sources:
        https://github.com/NVIDIA/cuda-samples/issues/378
    """
    from cudadoctor.compat import toolkits

    if os.glibc is None or not release(os.glibc) or os.id in ("nixos", "arch"):
        return
    for one in toolkits_in_use(toolkit):
        if one.nvcc is None or one.version is None or one.origin not in ("nvidia", "hpc-sdk"):
            continue
        if toolkits.glibc_traps(one.version.cuda, os.glibc):
            yield Problem(
                subject=str(Toolkit(clean(one.real_root))),
                message=f"{toolkit_shown(one)} does not compile with glibc {clean(os.glibc, 20)}: its headers conflict",
                evidence=rows(one.seen, seen("glibc", os.glibc)),
                source=GLIBC_241,
                confidence=Confidence.LIKELY,
            )


@also(glibc_too_new_for_nvcc)
def in_messages(symptoms: tuple[Symptom, ...], toolkit: ToolkitInventory | None) -> Result:
    """The compiler said so."""
    said = first(symptoms, "math-header-conflict")
    if said is not None:
        used = toolkits_in_use(toolkit) if toolkit is not None else ()
        yield Problem(
            subject=str(Toolkit(clean(used[0].real_root))) if used else "machine",
            message=f"the toolkit's headers and this glibc's declare {clean(said.values['function'], 20)} differently",
            evidence=(said.seen,),
            source=GLIBC_241,
            severity=Severity.ERROR,
        )
