"""Finds a site-packages with the records of two torches, or the remains of one."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import USER_SITE
from cudadoctor.checks.shared.machine import clean, env_subject, rows, seen, torch_shown
from cudadoctor.checks.shared.messages import first, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY015", severity=Severity.INFO)
def two_torch_distributions(envs: tuple[EnvFacts, ...]) -> Result:
    """One site-packages has records of two torches, or what pip left of an upgrade that did not end.

    Why:
        pip moves the old version aside as `~orch` before it installs the new one. Where that is interrupted (a full
        disk, Ctrl-C, files in use on NFS) both records or the remains stay: pip says "Ignoring invalid distribution
        -orch", `pip list` may show another version than Python imports, and files of the two may be mixed.

    How we know:
        Two torch-….dist-info in one site-packages, or directories such as `~orch`; in a text pip's "WARNING: Ignoring
        invalid distribution -orch".

    Fix:
        Remove the remains, or install torch anew. If `python -c "import torch; print(torch.__version__)"` prints what
        it should, delete only the directories whose names begin with `~` in site-packages. Otherwise remove it until
        none is left (`python -m pip uninstall -y torch`, again until it says "not installed"), and install it again; a
        new environment is the surer way.

    Harmless when:
        torch imports as the version that is meant: remains cost disk space only.

    Sources:
        https://docs.python.org/3/library/site.html
    """
    for env in envs:
        torch = env.torch
        if torch is None or (len(torch.records) < len(("old", "new")) and not torch.leftovers):
            continue
        failed = torch.live.outcome in ("import-error", "crashed")
        many = len(torch.records) > 1
        what = (
            f"records of {' and '.join(clean(version, 40) for version in torch.records[:3])}"
            if many
            else f"the remains of an upgrade: {clean(torch.leftovers[0], 60)}"
        )
        yield Problem(
            subject=env_subject(env),
            message=f"beside {torch_shown(env, torch)} lie {what}",
            evidence=rows(
                torch.seen, seen(torch.location.rpartition("/")[0], " ".join(torch.leftovers) or "dist-info")
            ),
            source=USER_SITE,
            severity=Severity.WARNING if failed and env.active else Severity.INFO,
            confidence=Confidence.LIKELY if many else Confidence.POSSIBLE,
        )


@also(two_torch_distributions)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By pip's warning."""
    one = first(symptoms, "pip-invalid-distribution")
    if one is not None and one.values.get("name", "").startswith("orch"):
        yield Problem(
            subject=subject(envs),
            message="site-packages has the remains of an upgrade of torch that did not end",
            evidence=(one.seen,),
            source=USER_SITE,
            confidence=Confidence.POSSIBLE,
        )
