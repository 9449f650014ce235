"""Which finding stands on its own, and what is folded below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding


def fold(findings: Sequence[Finding]) -> tuple[list[Finding], dict[str, list[Finding]]]:
    """The findings that nothing here explains, and by the id of each those that follow from it (each once)."""
    ids = {finding.id for finding in findings}
    roots = [finding for finding in findings if not ids.intersection(finding.because_of)]
    folded: dict[str, list[Finding]] = {root.id: [] for root in roots}
    for finding in findings:
        if finding.id not in folded:
            cause = next((root.id for root in roots if root.id in finding.because_of), None)
            if cause is None:  # explained only by what is explained in turn
                roots.append(finding)
                folded[finding.id] = []
            else:
                folded[cause].append(finding)
    return roots, folded


def minor(finding: Finding, folded: Mapping[str, Sequence[Finding]]) -> bool:
    """Only worth knowing: an info that explains nothing worse."""
    return all(one.severity is Severity.INFO for one in (finding, *folded[finding.id]))
