"""Finds a host compiler that is too new for nvcc."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import clean, rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.sources import NVCC_GCC
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitInventory


@check("CC001", severity=Severity.WARNING)
def host_compiler_unsupported(toolkit: ToolkitInventory, compiler: CompilerFacts) -> Result:
    """The C++ compiler is newer than nvcc accepts.

    Why:
        nvcc's header crt/host_config.h stops the build with "unsupported GNU version" above the newest compiler that
        the toolkit was made for.

    Fix:
        Install an older compiler beside the new one and name it for the build: NVCC_CCBIN (CMake:
        CMAKE_CUDA_HOST_COMPILER). Leave the system's own gcc as it is: the kernel's modules are built with it.

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
                subject=f"toolkit:{clean(one.real_root)}", reason="the compilers that it accepts are not known"
            )
        elif compiler.major > newest:
            chosen = f" (chosen by {compiler.variable})" if compiler.variable else ""
            yield Problem(
                subject=f"toolkit:{clean(one.real_root)}",
                message=(
                    f"{toolkit_shown(one)} accepts {compiler.kind} up to {newest}, and the compiler is "
                    f"{clean(compiler.path)} {clean(compiler.version, 40)}{chosen}"
                ),
                evidence=rows(
                    compiler.seen, seen(f"{one.real_root}/include/crt/host_config.h", f"{compiler.kind} <= {newest}")
                ),
                source=NVCC_GCC,
            )
