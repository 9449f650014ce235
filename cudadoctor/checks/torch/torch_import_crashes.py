"""Finds a torch whose import kills Python."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, env_subject, torch_shown, weight
from cudadoctor.checks.shared.torch_started import in_cuda, live_seen, started
from cudadoctor.facts.envs import EnvFacts


@check("TR012", severity=Severity.ERROR)
def torch_import_crashes(envs: tuple[EnvFacts, ...]) -> Result:
    """`import torch` kills Python.

    Why:
        SIGSEGV: libraries that do not belong together. SIGILL: a processor without AVX, or with less than the build
        needs. SIGKILL: not enough memory. SIGBUS: a damaged or cut file, or a full disk.

    How we know:
        The environment's Python imports torch in a process of its own, and that process is ended by a signal:
        "Segmentation fault" (SIGSEGV), "Illegal instruction" (SIGILL), "Killed" (SIGKILL), "Bus error" (SIGBUS).

    Fix:
        See where: `env -u LD_LIBRARY_PATH -u LD_PRELOAD python -X faulthandler -c "import torch"`. If it works so: take
        the directory out of the variable. SIGILL: `grep -c avx /proc/cpuinfo` must not be 0; in a virtual machine let
        the hypervisor pass the host's processor through.

        SIGKILL: `sudo dmesg | grep -i oom`, and give it more memory. Otherwise install torch into a new environment.

    Harmless when:
        Never: what imports torch here dies.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env, torch in started(envs, "crashed"):
        if not in_cuda(torch):
            signal = clean(torch.live.signal, 20) or "a signal"
            yield Problem(
                subject=env_subject(env),
                message=f"importing {torch_shown(env, torch)} kills Python ({signal})",
                evidence=(live_seen(torch),),
                source=PYTORCH_INSTALL,
                severity=weight(env),
            )
