"""Finds an NCCL that is loaded in the place of the one that torch was built with."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import NCCL_WHEEL
from cudadoctor.checks.shared.cuda_libraries import subject_of, torch_env
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom

_PLACES = ("LD_LIBRARY_PATH", "preload", "cache", "default")


@check(
    "CL006",
    severity=Severity.WARNING,
    messages=(
        Says(
            kinds=("nccl-versions-differ",),
            message="the ranks use different versions of NCCL",
            source=NCCL_WHEEL,
            severity=Severity.ERROR,
        ),
    ),
)
def nccl_version_conflict(envs: tuple[EnvFacts, ...]) -> Result:
    """An older NCCL is loaded than the one that torch was built with.

    Why:
        Every NCCL 2 is called libnccl.so.2, and a process has one. Where the system's (libnccl2 from apt, a toolkit's,
        one named by LD_PRELOAD) comes before the wheel's, functions that torch uses are missing: the import ends with
        an undefined symbol such as `ncclCommRegister` (NCCL 2.19) or `ncclCommWindowRegister` (2.27).

    How we know:
        The loader's search is followed: it takes an older libnccl.so.2 from LD_LIBRARY_PATH, LD_PRELOAD or the system
        before torch's own. In a text: "undefined symbol: ncclCommRegister" or another function of NCCL's.

    Fix:
        Take its directory out of LD_LIBRARY_PATH or LD_PRELOAD. Where pip put an older wheel there:
        `pip install --force-reinstall --no-deps nvidia-nccl-cu12==VERSION` with the version that `pip show torch`
        demands. In an environment with wheels of two CUDA majors (nvidia-nccl-cu11 beside -cu12) the two overwrite one
        another: make a new environment.

    Harmless when:
        It is as new as torch's own or newer: NCCL 2 is compatible upwards, and this check is silent.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/install-guide/
    """
    for env in envs:
        for one in env.libraries or ():
            taken, own = release(one.version or ""), release(one.own_version or "")
            if env.torch is None or not one.soname.startswith("libnccl.so") or one.same is not False:
                continue
            if one.how not in _PLACES or len(taken) < 2 or len(own) < 2 or taken[:3] >= own[:3]:
                continue
            failed = "nccl" in (env.torch.live.error or "")
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"the loader takes NCCL {clean(one.version)} from {clean(one.path)} before the "
                    f"{clean(one.own_version)} that {torch_shown(env, env.torch)} brings"
                ),
                evidence=rows(seen(one.path or "", f"by {one.how}"), seen(one.own or "", one.own_version or "")),
                source=NCCL_WHEEL,
                severity=weight(env) or (Severity.ERROR if failed else None),
                confidence=Confidence.CERTAIN if failed else Confidence.LIKELY,
            )


@also(nccl_version_conflict)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By the undefined symbol; where the loader's search was followed, what it found decides."""
    env = torch_env(envs)
    if env is not None and env.libraries is not None:
        return
    for one in every(symptoms, "nccl-symbol-undefined"):
        yield Problem(
            subject=subject_of(envs, one),
            message=f"the NCCL that was loaded has no `{clean(one.values['symbol'], 60)}`: it is too old",
            evidence=rows(one.seen),
            source=NCCL_WHEEL,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
        return
