"""Finds CUDA wheels of two majors that overwrite each other."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import CUDA_13_WHEELS, PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, env_subject, seen
from cudadoctor.facts.envs import EnvFacts

_WHEEL = re.compile(r"(nvidia-[a-z0-9-]{1,60})-cu(\d{2})\Z")
SHARED = frozenset({"nvidia-nccl", "nvidia-cudnn", "nvidia-nvshmem", "nvidia-cusparselt"})
"""Wheels of CUDA 13 that unpack where those of CUDA 12 do; all others of CUDA 13 are below nvidia/cu13. NVIDIA's own
build files confirm it for NCCL (source below). The other three come from reports: no wheel was opened to confirm them.
"""


@check("PY004", severity=Severity.WARNING)
def mixed_cuda_major_packages(envs: tuple[EnvFacts, ...]) -> Result:
    """Wheels for two CUDA majors are installed in one environment and overwrite each other.

    Why:
        nvidia-…-cu11 and nvidia-…-cu12 unpack into the same directories below site-packages/nvidia. The one installed
        last has overwritten part of the other, and uninstalling either removes files of both. Most wheels of CUDA 13
        have a directory of their own (nvidia/cu13), but NCCL, cuDNN, NVSHMEM and cuSPARSELt share theirs with CUDA 12.

    How we know:
        The names of the installed wheels: the same library for two CUDA versions, in a directory that both use.

    Fix:
        For a library of CUDA 12 and 13: uninstall the one that torch does not need, then reinstall the one it needs:
        `python -m pip uninstall nvidia-nccl-cu12`, `python -m pip install --force-reinstall --no-deps
        nvidia-nccl-cu13==VERSION`. Reinstalling is necessary, because uninstalling removed files of both.

        For CUDA 11 and 12: make a new environment (`python3 -m venv ~/venvs/torch`) and install the packages for one
        CUDA version only. `python -m pip list | grep nvidia-` shows which are installed.

    Harmless when:
        The libraries that torch loads happen to be those that were installed last, and nothing is removed.

    Sources:
        https://pytorch.org/get-started/locally/
        https://github.com/NVIDIA/cuml/pull/7304
    """
    for env in envs:
        majors: dict[str, set[str]] = {}
        for name in env.packages:
            match = _WHEEL.match(name)
            if match:
                majors.setdefault(match.group(1), set()).add(match.group(2))
        both = [(name, *pair) for name, found in sorted(majors.items()) if (pair := _overwriting(name, found))]
        if not both:
            continue
        library, one, other = both[0]
        first, second = f"{library}-cu{one}", f"{library}-cu{other}"
        more = f" (and {len(both) - 1} more pairs)" if len(both) > 2 else " (and one more pair)" if both[1:] else ""
        failed = env.torch is not None and env.torch.live.outcome in ("import-error", "crashed")
        yield Problem(
            subject=env_subject(env),
            message=f"env `{clean(env.name, 80)}` has {first} and {second}, which overwrite each other{more}",
            evidence=tuple(seen(name, env.packages[name].version) for name in (first, second)),
            source=CUDA_13_WHEELS if other == "13" else PYTORCH_INSTALL,
            severity=(Severity.ERROR if failed else Severity.WARNING) if env.active else Severity.INFO,
            confidence=Confidence.LIKELY,
        )


def _overwriting(library: str, majors: set[str]) -> tuple[str, str] | None:
    """The two CUDA majors whose wheels of this library unpack into one directory."""
    if {"11", "12"} <= majors:
        return "11", "12"
    if library in SHARED and {"12", "13"} <= majors:
        return "12", "13"
    return None
