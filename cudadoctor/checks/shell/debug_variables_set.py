"""Finds variables that make CUDA or torch slow, or stop it, for debugging."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import DEVICE_ORDER
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var

_OFF = ("", "0", "false", "no", "off")
_SLOW = {
    "CUDA_LAUNCH_BLOCKING": "every kernel is waited for",
    "PYTORCH_NO_CUDA_MEMORY_CACHING": "every allocation goes to the driver",
    "CUDA_CACHE_DISABLE": "compiled kernels are not kept",
    "CUDA_FORCE_PTX_JIT": "every kernel is compiled anew, and one without PTX does not run",
    "CUDA_DISABLE_PTX_JIT": "a GPU that is newer than the program does not run it",
    "CUDA_DEVICE_WAITS_ON_EXCEPTION": "a program that fails on the GPU waits for a debugger and seems to hang",
    "CUDA_ENABLE_COREDUMP_ON_EXCEPTION": "a program that fails writes a dump of the GPU's memory",
    "CUDA_INJECTION64_PATH": "a profiler's library is loaded into every program",
    "NSIGHT_CUDA_DEBUGGER": "a debugger is attached to every program",
    "COMPUTE_PROFILE": "every program is profiled",
}
_STOPS = ("CUDA_FORCE_PTX_JIT", "CUDA_DISABLE_PTX_JIT", "CUDA_DEVICE_WAITS_ON_EXCEPTION")


@check("ENV006", severity=Severity.INFO)
def debug_variables_set(shell: ShellFacts) -> Result:
    """A variable for debugging is set, and makes CUDA slow or stops it.

    Why:
        CUDA_LAUNCH_BLOCKING=1 and its like are set to find an error and forgotten in a start-up file or an image.
        CUDA_FORCE_PTX_JIT and CUDA_DISABLE_PTX_JIT can keep kernels from running at all.

    How we know:
        The variables of this shell: CUDA_LAUNCH_BLOCKING, PYTORCH_NO_CUDA_MEMORY_CACHING, CUDA_CACHE_DISABLE,
        CUDA_FORCE_PTX_JIT, CUDA_DISABLE_PTX_JIT, CUDA_DEVICE_WAITS_ON_EXCEPTION and others, with a value other than 0.

    Fix:
        `unset` the variable when the search is over, and take it out of the start-up file, Dockerfile or job script
        that sets it.

    Harmless when:
        Something is being debugged or profiled right now.

    Sources:
        https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    """
    for name, effect in _SLOW.items():
        value = shell.variables.get(name, "")
        if value.strip().lower() in _OFF:
            continue
        yield Problem(
            subject=str(Var(name)),
            message=f"{name} is set: {effect}",
            evidence=(seen(name, clean(value, 80)), *setters(shell, name)),
            source=DEVICE_ORDER,
            severity=Severity.WARNING if name in _STOPS else None,
        )
