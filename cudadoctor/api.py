"""The library: record a machine, examine it, explain a check. No printing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cudadoctor.checks import causes, registry, runner
from cudadoctor.checks.base import Check
from cudadoctor.checks.outcome import Finding, Outcomes
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Request
from cudadoctor.remedies.steps import Remedy, Tell
from cudadoctor.report import Report

if TYPE_CHECKING:
    from cudadoctor.executor.change import Undone
    from cudadoctor.executor.journal import Journal
    from cudadoctor.recommend.model import Recommendation
    from cudadoctor.recommend.request import Words
    from cudadoctor.remedies.shell_plan import Change as Change  # noqa: PLC0414  the cli names it
    from cudadoctor.shells.carriers import Carrier
    from cudadoctor.shells.dialects import Shell
    from cudadoctor.shells.paths import Wanted
    from cudadoctor.shells.place import Session

__all__ = [
    "Request",
    "apply_shell",
    "check_list",
    "examine",
    "examine_host",
    "find_check",
    "local_host",
    "plan_shell",
    "recommend",
    "recorded_host",
    "shell_lines",
    "snapshot",
    "undo",
    "words",
]


def local_host() -> Host:
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

    return ReplayHost(load(path))


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

    outcomes = _only(runner.run(registry.all_checks(), facts), chosen)
    remedies = {finding.id: _remedy(finding, facts) for finding in outcomes.findings}
    status = verdict.status(facts, outcomes)
    return Report(
        status=status,
        verdict=verdict.sentence(status, facts, outcomes, remedies),
        root_causes=causes.roots(outcomes.findings),
        findings=outcomes.findings,
        remedies=remedies,
        skipped=outcomes.skipped,
        crashed=outcomes.crashed,
        set_up=verdict.set_up(facts, outcomes.findings),
        facts=facts,
        timings=timings,
        checks_run=len(chosen),
        passed=outcomes.passed,
    )


def _remedy(finding: Finding, facts: Facts) -> Remedy:
    """The cure. A builder that raises is a bug of ours; the finding stands without it, and the report says so."""
    from cudadoctor.remedies.find import remedy_for

    try:
        return remedy_for(finding, facts)
    except Exception as error:  # noqa: BLE001
        what = f"{type(error).__name__}: {error}"
        return Remedy(
            summary=f"See `cudadoctor explain {finding.code}`",
            steps=(Tell(text=f"Building the cure failed, a bug in cudadoctor ({what})."),),
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


def shell_lines(
    host: Host, *, shell: str | None, cuda: str | None, ld_library_path: bool, carrier: Carrier = "rc"
) -> tuple[str, tuple[str, ...]]:
    """The lines that put a toolkit on PATH, for a shell or another carrier, and remarks. Nothing is changed.

    `shell` None: the user's, and POSIX where that is not known. `cuda`: a directory or a version; None: the toolkit
    that this machine uses. Raises CudaDoctorError.
    """
    from cudadoctor.shells import carriers, dialects

    chosen = dialects.shell_named(shell) if shell else _own_shell(host) or "sh"
    want, notes = _wanted(host, cuda, ld_library_path=ld_library_path)
    return carriers.text(carrier, chosen, want, host.env), notes


def plan_shell(
    host: Host,
    *,
    shell: str | None,
    session: Session = "interactive",
    cuda: str | None = None,
    ld_library_path: bool = False,
    remove: bool = False,
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes of rc files that put the block in, or with `remove` out of every file that has it, and remarks.

    Raises CudaDoctorError, where a file must not be written too: that is said before anybody is asked.
    """
    from cudadoctor.executor import change as executor
    from cudadoctor.executor.target import Writer, look
    from cudadoctor.remedies import shell_plan
    from cudadoctor.shells import dialects, place

    home_dir = _home(host)
    home = place.Home.of(host.env, home_dir)
    named = dialects.shell_named(shell) if shell else None
    changes: list[Change] = []
    notes: tuple[str, ...] = ()
    if remove:
        for path in place.candidates(named, home) if named else place.every_candidate(home):
            target = look(path)
            if target.data is not None:
                own = path in place.candidates("fish", home) or _made_here(host, home_dir, target.real)
                changes.append(shell_plan.take(path, target.shown, target.data, own=own))
    else:
        named = named or _own_shell(host)
        if named is None:
            raise CudaDoctorError("which shell you use is not known (SHELL): name it with --shell")
        want, notes = _wanted(host, cuda, ld_library_path=ld_library_path)
        files = {path: look(path) for path in place.candidates(named, home)}
        existing = {path for path, target in files.items() if target.data is not None}
        spot = place.place(named, session, home, existing)
        target = files[spot.path]
        changes.append(shell_plan.put(spot.path, target.shown, target.data, named, want))
        login = place.place(named, "login", home, existing).path if named == "bash" else None
        other = files[login].data if login is not None and login != spot.path else None
        notes += shell_plan.reading_notes(spot.path, target.data, login if login != spot.path else None, other)
    changes = [one for one in changes if one.diff]
    executor.verify([one.step for one in changes], Writer.current(home_dir))
    return tuple(changes), notes


def apply_shell(host: Host, changes: Sequence[Change], action: str) -> None:
    """Do what `plan_shell` planned, with a journal. Raises CudaDoctorError; then every file is as it was."""
    from cudadoctor.executor import change as executor
    from cudadoctor.executor.target import Writer

    home = _home(host)
    executor.perform([one.step for one in changes], Writer.current(home), _journal(host, home), action)


def undo(host: Host) -> tuple[str, tuple[Undone, ...]] | None:
    """Take the latest change back: its name, and what became of each file. None: there is nothing to take back."""
    from cudadoctor.executor import change as executor
    from cudadoctor.executor.target import Writer
    from cudadoctor.shells import block

    home = _home(host)
    return executor.undo(_journal(host, home), Writer.current(home), block.take)


def _wanted(host: Host, cuda: str | None, *, ld_library_path: bool) -> tuple[Wanted, tuple[str, ...]]:
    from cudadoctor.probes import toolkit
    from cudadoctor.probes.base import Clock
    from cudadoctor.probes.quiet import Quiet
    from cudadoctor.remedies import shell_plan
    from cudadoctor.shells.paths import wanted

    named = cuda is not None and "/" in cuda
    inventory = None if named else toolkit.probe(host, Request(fast=True), Clock(20.0)).value
    want = wanted(shell_plan.chosen_root(inventory, cuda), ld_library_path=ld_library_path)
    notes = [shell_plan.WHY_NOT] if ld_library_path else []
    if Quiet(host).is_dir(want.bin) is False:
        notes.append(f"there is no {want.bin} on this machine: the lines do nothing until it is there")
    return want, tuple(notes)


def _own_shell(host: Host) -> Shell | None:
    from cudadoctor.shells import dialects

    name = host.env.get("SHELL", "")
    nobody = name.rpartition("/")[2] in ("", "nologin", "false", "true")  # a service's user
    return None if nobody else dialects.shell_named(name)


def _home(host: Host) -> str:
    from cudadoctor.probes.quiet import Quiet

    home = Quiet(host).home
    if home is None or not home.startswith("/"):
        raise CudaDoctorError("the home directory is not known: HOME is not set to an absolute path")
    return home


def _journal(host: Host, home: str) -> Journal:
    from cudadoctor.executor.journal import Journal, directory

    return Journal(directory(host.env, home))


def _made_here(host: Host, home: str, real: str) -> bool:
    """The file came to be by `--apply`: it goes when nothing but the block was in it."""
    return any(
        entry.real == real and entry.before == "" for group in _journal(host, home).open_groups() for entry in group
    )
