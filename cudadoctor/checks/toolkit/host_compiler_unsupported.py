"""Finds a host compiler that nvcc does not accept."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import NVCC_GCC
from cudadoctor.checks.shared.machine import clean, rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitInventory

_ROOT = re.compile(r"(?P<root>/[^\s:'\"]{1,200}?)/(?:targets/[\w-]{3,40}/)?include/crt/host_config\.h")


@check(
    "CC001",
    severity=Severity.WARNING,
    messages=(
        Says(
            kinds=("runfile-compiler-refused",),
            message="the CUDA runfile refuses the installed gcc",
            source=NVCC_GCC,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def host_compiler_unsupported(toolkit: ToolkitInventory, compiler: CompilerFacts) -> Result:
    """Nvcc does not accept the C++ compiler: it is newer (or older) than the toolkit was made for.

    Why:
        nvcc's header crt/host_config.h stops the build with "unsupported GNU version! gcc versions later than N are
        not supported!" above the newest compiler that the toolkit was made for. torch's extension builder compares
        the two as well, and also refuses a compiler that is too old.

    How we know:
        The version of the compiler that nvcc would take (CUDAHOSTCXX, NVCC_CCBIN, CXX, gcc on PATH) against the limit
        in the toolkit's own crt/host_config.h. In a text: "unsupported GNU version! gcc versions later than 12 are not
        supported!", "unsupported clang version!", or torch's "The current installed version of g++ (13.2.0) is greater
        than the maximum required version by CUDA 11.8".

    Fix:
        Install a compiler that the toolkit knows beside the one that is there, and name it for the build: `export
        NVCC_CCBIN=g++-N CC=gcc-N CXX=g++-N` (CMake: `-DCMAKE_CUDA_HOST_COMPILER=g++-N`).

        Ubuntu and Debian: `apt-get install gcc-N g++-N`; RHEL and its like: `dnf install gcc-toolset-N`; conda: `conda
        install gxx=N` (no administrator needed).

        Or take a newer toolkit of torch's own CUDA major. Leave the system's gcc as it is: the kernel's modules are
        built with it. `-allow-unsupported-compiler` only hides the message.

    Harmless when:
        Nothing is compiled here.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/#host-compiler-support-policy
    """
    for one in toolkits_in_use(toolkit):
        if one.nvcc is None or (one.own_compiler and compiler.variable is None):
            continue
        newest = one.gcc_max if compiler.kind == "gcc" else one.clang_max
        if newest is None:
            yield Unknown(
                subject=str(Toolkit(clean(one.real_root))), reason="the compilers that it accepts are not known"
            )
        elif compiler.major > newest:
            chosen = f" (chosen by {compiler.variable})" if compiler.variable else ""
            yield Problem(
                subject=str(Toolkit(clean(one.real_root))),
                message=(
                    f"{toolkit_shown(one)} accepts {compiler.kind} up to {newest}, and the compiler is "
                    f"{clean(compiler.path)} {clean(compiler.version, 40)}{chosen}"
                ),
                evidence=rows(
                    compiler.seen, seen(f"{one.real_root}/include/crt/host_config.h", f"{compiler.kind} <= {newest}")
                ),
                source=NVCC_GCC,
            )


@also(host_compiler_unsupported)
def in_messages(symptoms: tuple[Symptom, ...], toolkit: ToolkitInventory | None) -> Result:
    """The build itself said so."""
    said = first(symptoms, "unsupported-host-compiler")
    if said is None:
        return
    values = said.values
    used = toolkits_in_use(toolkit) if toolkit is not None else ()
    root = _ROOT.search(said.seen.text)
    where = used[0].real_root if used else root["root"] if root else None
    subject = str(Toolkit(clean(where))) if where else "machine"
    if "oldest" in values or "minimum" in said.seen.text:
        limit = f" (it needs {values['oldest']} or newer)" if "oldest" in values else ""
        message = f"the build stopped: the C++ compiler is older than the toolkit needs{limit}"
    else:
        newest = values.get("newest")
        limit = (
            f" (it takes them up to {newest})" if newest else f" (below {values['below']})" if "below" in values else ""
        )
        message = f"the build stopped: the C++ compiler is newer than this toolkit takes{limit}"
    yield Problem(subject=subject, message=message, evidence=(said.seen,), source=NVCC_GCC, severity=Severity.ERROR)
