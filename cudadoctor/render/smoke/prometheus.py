"""A smoke report as text for the Prometheus node exporter's textfile collector."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import cudadoctor
from cudadoctor.facts.smoke import SmokeOutcome
from cudadoctor.render.escape import metric
from cudadoctor.report.model import SmokeReport


def render(report: SmokeReport) -> str:
    """Gauges: whether the run passed, the tests by outcome, and each test's outcome on each GPU."""
    outcomes = Counter(one.outcome for one in report.smoke.results)
    lines = [
        *metric("smoke_info", "The version of cudadoctor.", [({"version": cudadoctor.__version__}, 1)]),
        *metric("smoke_passed", "1 where the smoke tests passed.", [({}, float(report.status == "passed"))]),
        *metric(
            "smoke_tests", "Tests by outcome.", [({"outcome": one}, outcomes[one]) for one in get_args(SmokeOutcome)]
        ),
        *metric(
            "smoke_test_passed",
            "1 for each test that passed, 0 for one that did not; skipped ones are left out.",
            [
                ({"test": one.name, "gpu": "" if one.gpu is None else str(one.gpu)}, float(one.outcome == "pass"))
                for one in report.smoke.results
                if one.outcome != "skip"
            ],
        ),
    ]
    return "\n".join(lines) + "\n"
