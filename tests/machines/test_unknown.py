"""Unknown is not broken: any one fact taken away makes no check crash, and no error that was not there before."""

from __future__ import annotations

import msgspec
import pytest

from cudadoctor.checks.engine import causes, registry
from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.engine.runner import run
from cudadoctor.facts.base import Facts

from .catalogue import CATALOGUE, Planted
from .test_machines import examined

FIELDS = tuple(field.name for field in msgspec.structs.fields(Facts) if field.name != "gaps")
GENERAL = {"cuda-driver-init-fails", "cpu-only-build", "torch-cuda-unavailable", "no-devices-found"}
"""What is said of a broken machine where the fact that tells its cause is not known."""


def loud(findings: tuple[Finding, ...], least: Severity = Severity.ERROR) -> set[tuple[str, str]]:
    """Names and subjects."""
    return {(one.name, one.subject) for one in findings if one.severity >= least and one.name not in GENERAL}


@pytest.mark.parametrize("planted", CATALOGUE.values(), ids=CATALOGUE)
def test_without_any_one_fact_nothing_new_is_wrong(planted: Planted) -> None:
    """A machine that is well gets no error at all; a broken one none of another cause than it has.

    What follows from a cause that it has may stand where the fact that tells the cause is gone. Subjects stay, but
    that a GPU is named by its place on the bus where the list of GPUs is gone, and the machine where nothing is left.
    """
    facts = examined(planted.machine.name).facts
    checks = registry.all_checks()
    before = run(checks, facts).findings
    had = loud(before, Severity.WARNING)
    follows = {after for name, _ in had for after in causes.closure(name)}
    for field in FIELDS:
        outcomes = run(checks, msgspec.structs.replace(facts, **{field: None}))
        assert outcomes.crashed == (), field
        for name, subject in loud(outcomes.findings):
            renamed = subject == "machine" or (field == "gpus" and subject.startswith("gpu:"))
            known = (name, subject) in had or (renamed and name in {one for one, _ in had})
            assert known or name in follows, (field, name, subject)
        if not any(one.severity is Severity.ERROR for one in before):
            errors = {one.name for one in outcomes.findings if one.severity is Severity.ERROR}
            assert errors <= {one.name for one in before if one.severity > Severity.INFO}, field
