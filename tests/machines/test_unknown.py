"""Unknown is not broken: any one fact taken away makes no check crash, and no error that was not there before."""

from __future__ import annotations

import msgspec
import pytest

from cudadoctor.checks import registry
from cudadoctor.checks.base import Severity
from cudadoctor.checks.outcome import Finding
from cudadoctor.checks.runner import run
from cudadoctor.facts.base import Facts

from .catalogue import CATALOGUE, Planted
from .test_machines import examined

FIELDS = tuple(field.name for field in msgspec.structs.fields(Facts) if field.name != "gaps")


GENERAL = {"cuda-driver-init-fails", "cpu-only-build", "torch-cuda-unavailable", "no-devices-found"}
"""What is said of a broken machine where the fact that tells its cause is not known."""


def loud(findings: tuple[Finding, ...], least: Severity = Severity.ERROR) -> set[str]:
    """By name: what is known of fewer GPUs or environments may be said of the machine as a whole."""
    return {one.name for one in findings if one.severity >= least and one.name not in GENERAL}


@pytest.mark.parametrize("planted", CATALOGUE.values(), ids=CATALOGUE)
def test_without_any_one_fact_nothing_new_is_wrong(planted: Planted) -> None:
    """A machine that is well gets no error at all; a broken one none of another cause than it has."""
    facts = examined(planted.machine.name).facts
    checks = registry.all_checks()
    before = run(checks, facts).findings
    for name in FIELDS:
        outcomes = run(checks, msgspec.structs.replace(facts, **{name: None}))
        assert outcomes.crashed == (), name
        assert loud(outcomes.findings) <= loud(before, Severity.WARNING), name
        if not any(one.severity is Severity.ERROR for one in before):
            errors = {one.id for one in outcomes.findings if one.severity is Severity.ERROR}
            assert {one.partition("@")[0] for one in errors} <= {one.name for one in before if one.severity > 1}, name
