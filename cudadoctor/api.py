"""The library: record a machine, examine it, explain a check. No printing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cudadoctor.checks import causes, registry, runner
from cudadoctor.checks.base import Check
from cudadoctor.checks.outcome import Finding, Outcomes
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Request
from cudadoctor.report import Report

__all__ = ["Request", "check_list", "examine", "examine_host", "find_check", "local_host", "recorded_host", "snapshot"]


def local_host() -> Host:
    """This machine."""
    from cudadoctor.host.local import LocalHost

    return LocalHost()


def recorded_host(path: str) -> Host:
    """A machine from a snapshot file. Raises CudaDoctorError where the file cannot be read."""
    from cudadoctor.host.recording import load
    from cudadoctor.host.replay import ReplayHost

    return ReplayHost(load(path))


def snapshot(host: Host, request: Request, path: str, *, redact: bool = True) -> None:
    """Run every probe against the host and write what it answered to `path`, for `check --from`.

    Raises CudaDoctorError where the file cannot be written; nothing is left half-written.
    """
    from cudadoctor.host.recording import RecordingHost, save
    from cudadoctor.probes.collect import collect

    recorder = RecordingHost(host)
    collect(recorder, request)
    save(recorder.recording, path, redact=redact)


def examine_host(
    host: Host,
    request: Request,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Ask the host everything and judge it."""
    from cudadoctor.probes.collect import collect

    chosen = _chosen(select, ignore)  # a wrong selector is said before the machine is asked
    collected = collect(host, request, progress=progress)
    return _report(collected.facts, chosen, collected.timings)


def examine(
    facts: Facts,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    timings: Mapping[str, float] | None = None,
) -> Report:
    """Judge facts. Raises CudaDoctorError for a selector that names no check."""
    return _report(facts, _chosen(select, ignore), timings or {})


def _report(facts: Facts, chosen: frozenset[str], timings: Mapping[str, float]) -> Report:
    from cudadoctor import verdict
    from cudadoctor.remedies.find import remedy_for

    outcomes = _only(runner.run(registry.all_checks(), facts), chosen)
    remedies = {finding.id: remedy_for(finding, facts) for finding in outcomes.findings}
    status = verdict.status(facts, outcomes)
    return Report(
        status=status,
        verdict=verdict.sentence(status, facts, outcomes, remedies),
        root_causes=causes.roots(outcomes.findings),
        findings=outcomes.findings,
        remedies=remedies,
        skipped=outcomes.skipped,
        crashed=outcomes.crashed,
        set_up=verdict.set_up(facts),
        facts=facts,
        timings=timings,
        checks_run=len(chosen),
        passed=outcomes.passed,
    )


def check_list() -> tuple[Check, ...]:
    """Every check, by code."""
    return registry.all_checks()


def find_check(word: str) -> Check | None:
    """The check of that code or name."""
    return registry.find(word)


def _chosen(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """Codes that the selectors leave. A selector is a code, a name, a prefix of codes, or ALL."""
    checks = registry.all_checks()

    def matched(selector: str) -> set[str]:
        word = selector.strip()
        found = {
            one.code
            for one in checks
            if word.upper() == "ALL" or one.code.startswith(word.upper()) or one.name == word.lower()
        }
        if not word or not found:
            raise CudaDoctorError(f"`{selector}` names no check: see `cudadoctor explain --list`")
        return found

    wanted = set().union(*(matched(one) for one in select)) if select else {one.code for one in checks}
    return frozenset(wanted - set().union(*(matched(one) for one in ignore)))


def _only(outcomes: Outcomes, chosen: frozenset[str]) -> Outcomes:
    """Without the checks that were not chosen, and without what only they explain.

    All checks run in any case: an ignored cause still explains its symptoms, which do not come back as causes.
    """

    def keep(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(item for item in items if item.code in chosen)

    left = {finding.id for finding in outcomes.findings if finding.code in chosen}
    findings: list[Finding] = []
    for finding in outcomes.findings:
        causes_left = tuple(cause for cause in finding.because_of if cause in left)
        orphan = bool(finding.because_of) and not causes_left
        if finding.id in left and not orphan:
            findings.append(replace(finding, because_of=causes_left))
    return Outcomes(
        findings=tuple(findings),
        skipped=keep(outcomes.skipped),
        crashed=keep(outcomes.crashed),
        passed=tuple(code for code in outcomes.passed if code in chosen),
    )
