"""Finds a torch that needs a newer glibc."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import GLIBC_VERSIONS, PYTORCH_RELEASES
from cudadoctor.checks.shared.cuda_libraries import subject_of
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, torch_shown, weight
from cudadoctor.checks.shared.messages import every
from cudadoctor.checks.shared.torch_started import GLIBC, live_seen, started
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("PY006", severity=Severity.ERROR)
def glibc_too_old(envs: tuple[EnvFacts, ...], os: OsFacts | None) -> Result:
    """The system's glibc is older than torch needs.

    Why:
        Programs run on the glibc that they were built for and on newer ones, never on older ones. Wheels of torch
        {{glibc-from 2.28}} and later are built for 2.28; an extension that was compiled on a newer distribution needs
        that one's. glibc is the base of the whole system and cannot be replaced alone. RHEL and CentOS 6 have 2.12, 7
        have 2.17, 8 have 2.28, 9 have 2.34; Ubuntu 18.04 has 2.27, 20.04 has 2.31, 22.04 has 2.35, 24.04 has 2.39;
        Debian 10 has 2.28, 11 has 2.31, 12 has 2.36.

    How we know:
        The loader's words: "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version 'GLIBC_2.28' not found (required by
        …)", against this system's glibc (`ldd --version`).

    Fix:
        Where torch is named: install torch {{glibc-before 2.28}} or older, or use a newer system: an upgrade, or a
        container of a newer distribution, which uses the host's driver.

        Where an extension is named: build it here (`pip install --no-binary :all: --no-build-isolation NAME`), or
        install a build for manylinux. Never copy a libc.so.6 from elsewhere, and put none on LD_LIBRARY_PATH: every
        program then fails.

    Harmless when:
        Never: torch cannot be imported.

    Sources:
        https://github.com/pytorch/pytorch/blob/main/RELEASE.md
    """
    for env, torch in started(envs, "import-error"):
        match = GLIBC.search(torch.live.error or "")
        if match:
            has = f"; this system has {clean(os.glibc, 20)}" if os is not None and os.glibc else ""
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} needs glibc {match.group(1)}{has}",
                evidence=(live_seen(torch),),
                source=PYTORCH_RELEASES,
                severity=weight(env),
            )


@also(glibc_too_old)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, os: OsFacts | None) -> Result:
    """By the loader's message, whatever needs the newer glibc."""
    for one in every(symptoms, "glibc-version-not-found"):
        wanted = one.values["version"].partition("_")[2]
        if os is not None and os.glibc and release(os.glibc) >= release(wanted):
            continue  # another root's program, or the text speaks of two machines
        by = one.values.get("by")
        has = (
            f"this system has {clean(os.glibc, 20)}" if os is not None and os.glibc else "this system has an older one"
        )
        yield Problem(
            subject=subject_of(envs, one),
            message=f"{clean(by) if by else 'a program'} needs glibc {wanted}; {has}",
            evidence=rows(one.seen),
            source=GLIBC_VERSIONS,
            confidence=Confidence.CERTAIN,
        )
