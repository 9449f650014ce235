"""Finds a torch that needs a newer glibc."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import clean, env_subject, torch_shown, weight
from cudadoctor.checks.live import GLIBC, live_seen, started
from cudadoctor.checks.sources import PYTORCH_RELEASES
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.system import OsFacts


@check("PY006", severity=Severity.ERROR)
def glibc_too_old(envs: tuple[EnvFacts, ...], os: OsFacts | None) -> Result:
    """The system's glibc is older than torch needs.

    Why:
        Wheels are built for a glibc and newer ones: torch 2.7 and later for 2.28. glibc is the base of the whole
        system and cannot be replaced alone.

    Fix:
        Install torch 2.6 or older, or use a newer system: an upgrade, or a container of a newer distribution, which
        uses the host's driver.

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
