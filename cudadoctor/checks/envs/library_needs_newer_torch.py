"""Finds packages that use parts of torch which this torch does not have."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(title="PyTorch: releases", url="https://github.com/pytorch/pytorch/releases", read_on="2026-12-01")


@check(
    "PY019",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("torch-api-missing",),
            message="a package asks for `torch{module}` → `{name}`, which the installed torch does not have",
            source=_PAGE,
            subject="env",
            unless=("module-imports-itself", "torch-source-checkout"),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def library_needs_newer_torch(symptoms: tuple[Symptom, ...]) -> Result:
    """A package uses something of torch's that the installed torch does not have.

    Why:
        Packages follow torch's interfaces: one written for a newer torch asks for names that an older torch lacks,
        and one written for an old torch asks for names that were removed.

    How we know:
        "module 'torch…' has no attribute …", "cannot import name … from 'torch…'" or "No module named 'torch.…'".

    Fix:
        Install the release of the package that belongs to this torch, or a torch that has what it asks for; the
        package's release notes name both.

    Harmless when:
        The name is the program's own mistake.

    Sources:
        https://github.com/pytorch/pytorch/releases
    """
    yield from decided_by_messages(symptoms)
