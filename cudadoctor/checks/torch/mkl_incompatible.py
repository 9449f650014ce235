"""Finds a torch that needs an older MKL."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MKL
from cudadoctor.checks.shared.cuda_libraries import subject_of, torch_env
from cudadoctor.checks.shared.machine import env_subject, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import every
from cudadoctor.checks.shared.torch_started import MKL_SYMBOL, live_seen, started
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY011", severity=Severity.ERROR)
def mkl_incompatible(envs: tuple[EnvFacts, ...]) -> Result:
    """The installed MKL no longer has a symbol that torch needs.

    Why:
        The conda builds of torch, up to the last one ({{conda-last}}), were linked against an MKL with
        `iJIT_NotifyEvent`; MKL 2024.1 and newer no longer have it, and the import ends with that undefined symbol.

    How we know:
        "ImportError: …/libtorch_cpu.so: undefined symbol: iJIT_NotifyEvent".

    Fix:
        Install MKL 2024.0 into this environment: `conda install "mkl<2024.1"`.

    Harmless when:
        Never: torch cannot be imported.

    Sources:
        https://github.com/pytorch/pytorch/issues/123097
    """
    for env, torch in started(envs, "import-error"):
        if MKL_SYMBOL in (torch.live.error or ""):
            mkl = env.packages.get("mkl")
            installed = f", and MKL {mkl.version} is installed" if mkl is not None else ""
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} needs `{MKL_SYMBOL}`, gone from MKL with 2024.1{installed}",
                evidence=rows(live_seen(torch), seen("mkl", mkl.version) if mkl is not None else None),
                source=MKL,
                severity=weight(env),
            )


@also(mkl_incompatible)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By the loader's message."""
    env = torch_env(envs)
    mkl = env.packages.get("mkl") if env is not None else None
    for one in every(symptoms, "mkl-symbol-undefined"):
        installed = f", and MKL {mkl.version} is installed" if mkl is not None else ""
        yield Problem(
            subject=subject_of(envs, one),
            message=f"this torch needs `{MKL_SYMBOL}`, gone from MKL with 2024.1{installed}",
            evidence=rows(one.seen, seen("mkl", mkl.version) if mkl is not None else None),
            source=MKL,
        )
