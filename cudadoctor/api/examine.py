"""The library: record a machine, examine it, explain a check. No printing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cudadoctor.checks.engine import causes, registry, runner
from cudadoctor.checks.engine.base import Check, Severity
from cudadoctor.checks.engine.outcome import Finding, Outcomes
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Request
from cudadoctor.remedies.plan import Remedy
from cudadoctor.report.model import Ask, Report, Suspect

if TYPE_CHECKING:
    from cudadoctor.api.expectations import Expected
    from cudadoctor.compat.inventory import TableInfo
    from cudadoctor.host.local import LocalHost
    from cudadoctor.recommend.model import Recommendation
    from cudadoctor.recommend.request import Words

__all__ = [
    "Request",
    "agent_program",
    "check_list",
    "chosen_host",
    "demo_host",
    "diagnose",
    "end_children",
    "examine",
    "examine_host",
    "far_host",
    "find_check",
    "local_host",
    "recommend",
    "recorded_host",
    "rooted_host",
    "snapshot",
    "tables",
    "words",
]


def local_host() -> LocalHost:
    """This machine."""
    from cudadoctor.host.local import LocalHost

    return LocalHost()


def end_children() -> None:
    """End every program that a probe left running: to be called before a process exits without waiting for it."""
    import sys

    child = sys.modules.get("cudadoctor.host.child")  # not loaded: nothing was ever started
    if child is not None:
        child.end_all()


def recorded_host(path: str) -> Host:
    """A machine from a snapshot file. Raises CudaDoctorError where the file cannot be read."""
    from cudadoctor.host.recording import load
    from cudadoctor.host.replay import ReplayHost

    recording = load(path)
    if recording.partial:
        from cudadoctor.host.rounds import RoundsHost

        return RoundsHost(recording, closed=True)
    return ReplayHost(recording)


def far_host(command: str, request: Request, *, progress: Callable[[str], None] | None = None) -> Host:
    """Another machine, already asked, through a command that leads to a python3 there: `ssh gpu01 python3 -`.

    Raises CudaDoctorError where no answer comes back. What it could not be asked is refused with that reason.
    """
    from cudadoctor.host import rounds
    from cudadoctor.host.remote import Link
    from cudadoctor.probes.collect import collect

    link = Link(command, request.timeout)
    round_ = 0

    def ask(questions: Sequence[rounds.Question]) -> Sequence[rounds.Answer]:
        nonlocal round_
        round_ += 1
        if progress is not None:
            progress(f"asking the other machine, round {round_}: {len(questions)} questions")
        return link.ask(questions)

    _, recording, _ = rounds.fill(lambda host: collect(host, request), ask)
    return rounds.RoundsHost(recording, closed=True)


def tables() -> tuple[TableInfo, ...]:
    """The tables that answers rest on, each with its sources and size."""
    from cudadoctor.compat import inventory

    return inventory.tables()


def agent_program(request: Request) -> str:
    """A program for `python3 -` on a machine without cudadoctor: it prints a snapshot for `check --from`.

    It asks what can be asked at once; what follows from answers (the packages of each environment) needs `far_host`.
    """
    from cudadoctor.host.recording import Recording
    from cudadoctor.host.remote import program
    from cudadoctor.host.rounds import RoundsHost
    from cudadoctor.probes.collect import collect

    host = RoundsHost(Recording())
    collect(host, request)
    return program(host.questions, request.timeout, snapshot=True).decode("ascii")


def rooted_host(folder: str) -> Host:
    """A file system that is not running: a mounted disk, a container's root. Raises CudaDoctorError."""
    from cudadoctor.host.local import LocalHost

    return LocalHost.of_root(folder)


def chosen_host(
    request: Request,
    *,
    snapshot: str | None = None,
    via: str | None = None,
    root: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Host:
    """The machine that `--from`, `--via` or `--root` names, else this one. Raises CudaDoctorError for two of them."""
    named = [name for name, value in (("--from", snapshot), ("--via", via), ("--root", root)) if value is not None]
    if len(named) > 1:
        raise CudaDoctorError(f"{' and '.join(named)} exclude each other; name one machine")
    if snapshot is not None:
        return recorded_host(snapshot)
    if via is not None:
        return far_host(via, request, progress=progress)
    return rooted_host(root) if root is not None else local_host()


def demo_host(name: str) -> Host:
    """A recorded machine that comes with the tool. Raises CudaDoctorError for a name that there is not."""
    from cudadoctor import demo
    from cudadoctor.host.recording import loads
    from cudadoctor.host.replay import ReplayHost

    return ReplayHost(loads(demo.recording(name), name))


def snapshot(host: Host, request: Request, path: str, *, redact: bool = True) -> None:
    """Run every probe against the host and write what it answered to `path`, for `check --from`.

    Raises CudaDoctorError where the file cannot be written; nothing is left half-written.
    """
    from cudadoctor.facts import redact as redaction
    from cudadoctor.host.recording import Recording, RecordingHost, save
    from cudadoctor.probes.collect import collect

    recorder = RecordingHost(host)
    collect(recorder, request)
    recording = recorder.recording
    save(Recording.from_data(redaction.redact(recording.data())) if redact else recording, path)


def examine_host(
    host: Host,
    request: Request,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expected: Expected | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Ask the host everything and judge it, by what is expected of it too."""
    from cudadoctor.probes.collect import collect

    for one in expected.ignored if expected is not None else ():
        try:
            registry.selected(one.name)
        except CudaDoctorError as error:  # noqa: PERF203  few, and each is named
            raise CudaDoctorError(f"{one.origin}: [ignore] {error}") from error
    left_out = (*ignore, *(one.name for one in expected.ignored)) if expected is not None else ignore
    if select or left_out:
        _chosen(select, left_out)  # a wrong selector is said before the machine is asked
    collected = collect(host, request, progress=progress, meanwhile=registry.rows)
    facts = _with_symptoms(collected.facts)
    if expected is None:
        return _report(facts, _chosen(select, left_out), collected.timings)
    facts = replace(facts, expected=expected.wanted or None)
    report = _report(facts, _chosen(select, left_out), collected.timings)
    return replace(report, ignored=expected.ignored, no_longer_ignored=expected.ended)


def diagnose(
    text: bytes | str, *, left_out: bool = False, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Report:
    """Judge what a pasted text tells of a machine. `left_out`: there was more of it than was handed over.

    Raises CudaDoctorError for a selector that names no check. No text raises.
    """
    from cudadoctor.intake import read

    chosen = _chosen(select, ignore)
    return _report(read.facts(text, left_out=left_out), chosen, {}, pasted=True)


def _with_symptoms(facts: Facts) -> Facts:
    """The facts, with the known messages in what programs said here."""
    from cudadoctor.intake import said

    return said.with_symptoms(facts)


def examine(
    facts: Facts,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    timings: Mapping[str, float] | None = None,
) -> Report:
    """Judge facts. Raises CudaDoctorError for a selector that names no check."""
    return _report(facts, _chosen(select, ignore), timings or {})


def _report(facts: Facts, chosen: frozenset[str], timings: Mapping[str, float], *, pasted: bool = False) -> Report:
    from cudadoctor.report import verdict

    checks = registry.askable(facts)
    outcomes = _only(runner.run(checks, facts), chosen)
    ask: Ask | None = None
    suspects: tuple[Suspect, ...] = ()
    if pasted:
        from cudadoctor.report import verdict_of_text

        outcomes, suspects, ask = verdict_of_text.weighed(facts, outcomes, chosen)
    elif any(one.severity is Severity.ERROR for one in outcomes.findings):
        from cudadoctor.report.suspects import weigh_machine

        suspects = weigh_machine(facts, outcomes.findings, outcomes.passed, chosen)
    remedies = {finding.id: _remedy(finding, facts) for finding in outcomes.findings}
    roots = causes.roots(outcomes.findings)
    if pasted:
        roots = verdict_of_text.roots(roots)
        status = verdict_of_text.status(facts, outcomes)
        sentence = verdict_of_text.sentence(facts, outcomes, remedies, ask, suspects)
    else:
        status = verdict.status(facts, outcomes)
        sentence = verdict.sentence(status, facts, outcomes, remedies)
    return Report(
        status=status,
        verdict=sentence,
        root_causes=roots,
        findings=outcomes.findings,
        remedies=remedies,
        skipped=outcomes.skipped,
        crashed=outcomes.crashed,
        set_up=verdict.set_up(facts, outcomes.findings, pasted=pasted),
        facts=facts,
        timings=timings,
        checks_run=sum(one.code in chosen for one in checks),
        passed=outcomes.passed,
        pasted=pasted,
        ask=ask,
        suspects=suspects,
    )


def _remedy(finding: Finding, facts: Facts) -> Remedy:
    """The cure. A builder that raises is a bug of ours; the finding stands without it, and the report says so."""
    from cudadoctor.remedies.find import remedy_for
    from cudadoctor.remedies.steps import advice

    try:
        return remedy_for(finding, facts)
    except Exception as error:  # noqa: BLE001
        what = f"{type(error).__name__}: {error}"
        return Remedy(
            summary=f"See `cudadoctor explain {finding.code}`",
            steps=(advice(f"Building the cure failed, a bug in cudadoctor ({what})."),),
        )


def words(
    *,
    torch: str | None = None,
    cuda: str | None = None,
    python: str | None = None,
    manager: str | None = None,
    platform: str | None = None,
    driver: str | None = None,
    gpus: Sequence[str] = (),
    archs: Sequence[str] = (),
    glibc: str | None = None,
    packages: str | None = None,
    style: str | None = None,
) -> Words:
    """What is asked of `recommend`, in the words of its command line."""
    from cudadoctor.recommend.request import Words

    return Words(
        torch=torch, cuda=cuda, python=python, manager=manager, platform=platform, driver=driver, gpus=tuple(gpus),
        archs=tuple(archs), glibc=glibc, packages=packages, style=style,
    )  # fmt: skip


def recommend(
    asked: Words, host: Host | None = None, *, timeout: float = 60.0, progress: Callable[[str], None] | None = None
) -> Recommendation:
    """The install command for what was asked; what was not is asked of the host, or left open where there is none.

    Raises CudaDoctorError for a malformed value, before the machine is asked.
    """
    from cudadoctor.recommend import answer, detect, request

    wanted = request.build(asked)
    if host is None:
        return answer.recommend(wanted)
    from cudadoctor.probes.collect import collect

    facts = collect(host, Request(fast=True, timeout=timeout), progress=progress).facts
    return answer.recommend(request.build(asked, detect.from_facts(facts)))


def check_list() -> tuple[Check, ...]:
    """Every check, by code."""
    return registry.all_checks()


def find_check(word: str) -> Check | None:
    """The check of that code or name."""
    return registry.find(word)


def _chosen(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """Codes that the selectors leave. A selector is a code, a name, a prefix of codes, or ALL."""
    wanted = {code for one in select for code in registry.selected(one)} or {one.code for one in registry.rows()}
    return frozenset(wanted.difference(*(registry.selected(one) for one in ignore)))


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
