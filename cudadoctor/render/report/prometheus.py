"""A report as text for the Prometheus node exporter's textfile collector.

Labels hold only codes, names and severities of the catalogue: what a machine says never makes a new time series.
Form: https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-12-01.
"""

from __future__ import annotations

from collections import Counter
from typing import get_args

import cudadoctor
from cudadoctor.render.escape import metric
from cudadoctor.report.model import Report, Status


def render(report: Report) -> str:
    """Gauges of the status, the findings, the checks and the GPUs."""
    subjects = Counter((one.code, one.name, one.severity.word) for one in report.findings)
    severities = Counter(one.severity.word for one in report.findings)
    checks = {
        "run": report.checks_run,
        "passed": len(report.passed),
        "skipped": len({one.code for one in report.skipped}),
        "crashed": len({one.code for one in report.crashed}),
    }
    lines = [
        *metric("info", "The version of cudadoctor.", [({"version": cudadoctor.__version__}, 1)]),
        *metric(
            "status",
            "1 for the status of this machine, 0 for the others.",
            [({"status": one}, float(one == report.status)) for one in get_args(Status)],
        ),
        *metric(
            "findings",
            "Findings by severity.",
            [({"severity": one}, severities[one]) for one in ("error", "warning", "info")],
        ),
        *metric(
            "finding",
            "Subjects (GPUs, environments, lines) of each finding.",
            [
                ({"code": code, "name": name, "severity": word}, count)
                for (code, name, word), count in sorted(subjects.items())
            ],
        ),
        *metric("checks", "Checks by outcome.", [({"outcome": name}, count) for name, count in checks.items()]),
    ]
    gpus = report.facts.gpus
    if gpus is not None:
        lines += metric("gpus", "NVIDIA GPUs of this machine.", [({}, len(gpus))])
    return "\n".join(lines) + "\n"
