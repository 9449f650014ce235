"""Finds CUDA wheels of two majors that overwrite each other."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, env_subject, seen
from cudadoctor.facts.envs import EnvFacts

_WHEEL = re.compile(r"(nvidia-[a-z0-9-]{1,60})-cu(\d{2})\Z")


@check("PY004", severity=Severity.WARNING)
def mixed_cuda_major_packages(envs: tuple[EnvFacts, ...]) -> Result:
    """Wheels of two CUDA majors (cu11 and cu12) lie in one environment and overwrite each other.

    Why:
        nvidia-…-cu11 and nvidia-…-cu12 unpack into the same directories below site-packages/nvidia. What was
        installed last has overwritten a part of the other; removing one removes files of both. The wheels of CUDA 13
        have directories of their own.

    How we know:
        The names of the installed wheels: the same library as nvidia-…-cu11 and nvidia-…-cu12.

    Fix:
        Make a new environment and install the packages for one CUDA major only: `python3 -m venv ~/venvs/torch`, and
        there torch from the index of that CUDA. `python -m pip list | grep nvidia-` shows which are there; uninstalling
        one of a pair takes files of the other with it.

    Harmless when:
        The libraries that torch loads happen to be those that were installed last, and nothing is removed.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env in envs:
        majors: dict[str, set[str]] = {}
        for name in env.packages:
            match = _WHEEL.match(name)
            if match:
                majors.setdefault(match.group(1), set()).add(match.group(2))
        both = sorted(name for name, found in majors.items() if {"11", "12"} <= found)
        if not both:
            continue
        failed = env.torch is not None and env.torch.live.outcome in ("import-error", "crashed")
        yield Problem(
            subject=env_subject(env),
            message=f"env `{clean(env.name, 80)}` has {both[0]}-cu11 and {both[0]}-cu12, which overwrite each other",
            evidence=tuple(seen(name, env.packages[name].version) for name in (f"{both[0]}-cu11", f"{both[0]}-cu12")),
            source=PYTORCH_INSTALL,
            severity=(Severity.ERROR if failed else Severity.WARNING) if env.active else Severity.INFO,
            confidence=Confidence.LIKELY,
        )
